"""The local cloud, with its progress on standard error."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.cloud import local_cloud
from ops.console import notes


@contextmanager
def local_stack(
    stack: str, overrides: Mapping[str, str], outputs_file: Path | None
) -> Iterator[dict[str, Any]]:
    """Bring the local cloud up, yield its outputs, and take it down again, whatever happens.

    Raises
    ------
    local.errors.LocalCloudError
        It cannot be started, or the program cannot be deployed into it.
    """
    where: dict[str, Any] = {} if outputs_file is None else {"outputs_file": outputs_file}
    with local_cloud(stack=stack, overrides=overrides, progress=notes.print, **where) as outputs:
        yield outputs
