"""What the functions log, kept and judged instead of printed."""

import logging
from typing import Any

from tests.support.log_lines import documents


class LogLines(logging.Handler):
    """Keeps every line as the functions' own formatter writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line; one that CloudWatch could not read, or that some readers take for two, raises."""
        text = self.format(record)
        text.encode("utf-8")
        (line,) = documents(f"{text}\n")
        self.lines.append(line)

    def take(self) -> list[dict[str, Any]]:
        """Return the lines since the last take."""
        taken, self.lines = self.lines, []
        return taken

    def replace_handlers_of(self, name: str) -> None:
        """Take over a logger's lines, with its formatter."""
        logger = logging.getLogger(name)
        self.setFormatter(logger.handlers[0].formatter)
        logger.handlers = [self]
