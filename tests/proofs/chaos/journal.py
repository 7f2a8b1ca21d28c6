"""The journal that workers write (`worker/sitecustomize.py`): their calls to AWS, and their log lines."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Journal:
    """The folder that `worker/sitecustomize.py` writes into."""

    folder: Path

    def workers(self) -> dict[int, str]:
        """Return the workers that have called AWS, dead ones as well: the function's name by process id."""
        names = [
            file.name.removeprefix("calls-") for file in self.folder.glob("calls-*") if file.stat().st_size
        ]
        return {int(pid): function for function, _, pid in (name.rpartition("-") for name in names)}

    def call_count(self) -> int:
        """Count the calls to AWS."""
        return sum(file.read_bytes().count(b"\n") for file in self.folder.glob("calls-*"))

    def calls(self) -> Counter[str]:
        """Count the calls to AWS by what was done to them."""
        texts = [file.read_text() for file in self.folder.glob("calls-*")]
        return Counter(line.partition(" ")[0] for text in texts for line in text.splitlines())

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield every line that is an event of a task."""
        for file in sorted(self.folder.glob("lines-*")):
            for text in file.read_text(encoding="utf-8").split("\n"):
                line = _object(text)
                if "event" in line and "taskId" in line:
                    yield line


def _object(text: str) -> dict[str, Any]:
    # Tracebacks of the interpreter, and the half line of a worker that was killed, are no JSON.
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
