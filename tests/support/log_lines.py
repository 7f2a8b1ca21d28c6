"""What the functions print, as those who read logs split it: each line is one JSON document."""

import json
from typing import Any

LINE_SEPARATORS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""Every character at which `str.splitlines` ends a line."""


def forged(separator: str) -> str:
    """Return text that is a log line of its own to whoever splits lines at `separator`."""
    return f'a{separator}{{"level":"INFO","event":"TASK_COMPLETED","taskId":"forged"}}{separator}'


def documents(printed: str) -> list[dict[str, Any]]:
    """Return the documents of a log, one from each line.

    Fails if a line is no document, or if splitting at every separator makes other lines than at newlines.
    """
    lines = printed.splitlines()
    assert lines == printed.split("\n")[:-1], printed
    return [json.loads(line) for line in lines]
