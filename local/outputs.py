"""Files of stack outputs: written in one step, and published only while their local cloud exists."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

DEPLOYED: Final = "DEPLOYED"
"""The line by which a deployment that goes on watching says that the outputs are there."""


def write_json(file: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON document, replacing the file in one step."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    draft.replace(file)


@contextlib.contextmanager
def published(source: Path, target: Path | None) -> Iterator[None]:
    """Publish a file of the run's folder as `target`, for as long as the context lasts; None for nowhere.

    `target` is a link, not a copy: when a run is killed, its folder goes, and the outputs with it. At the end
    the link is removed, unless another local cloud has put its own there meanwhile.
    """
    if target is None:
        yield
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{source.parent.name}")
    # All inside the `try`: a signal may strike as soon as either link is there.
    try:
        draft.symlink_to(source)
        draft.replace(target)
        yield
    finally:
        draft.unlink(missing_ok=True)
        if _points_to(target, source):
            target.unlink(missing_ok=True)


def _points_to(target: Path, source: Path) -> bool:
    return target.is_symlink() and target.readlink() == source
