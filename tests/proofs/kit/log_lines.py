"""Log lines of the functions, captured as the JSON that they would have printed."""

import logging
from abc import ABC, abstractmethod
from typing import Any

from tests.support.log_lines import documents


class LineCapture(logging.Handler, ABC):
    """Receives the lines of a service instead of standard output, from the functions' own formatter.

    A line that CloudWatch could not read, or that some readers take for two, raises where it is logged.
    """

    def take_over(self, service: str) -> None:
        """Receive the lines of a service (`POWERTOOLS_SERVICE_NAME`) from now on, not its handlers."""
        logger = logging.getLogger(service)
        self.setFormatter(logger.handlers[0].formatter)
        logger.handlers[:] = [self]
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Format a line if it is wanted, and hand it over."""
        if self.wants(record):
            text = self.format(record)
            text.encode("utf-8")
            (line,) = documents(f"{text}\n")
            self.capture(line)

    def wants(self, record: logging.LogRecord) -> bool:
        """Return whether a line is worth formatting; all are, unless a subclass says otherwise."""
        return True

    @abstractmethod
    def capture(self, line: dict[str, Any]) -> None:
        """Keep a line."""


class LineSink(LineCapture):
    """Throws every line away, unformatted."""

    def wants(self, record: logging.LogRecord) -> bool:
        """Want none."""
        return False

    def capture(self, line: dict[str, Any]) -> None:
        """Do nothing: no line comes here."""


class LineList(LineCapture):
    """Keeps every line in a list."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[dict[str, Any]] = []

    def capture(self, line: dict[str, Any]) -> None:
        """Append a line."""
        self._lines.append(line)

    def take(self) -> list[dict[str, Any]]:
        """Return the lines since the last take."""
        taken, self._lines = self._lines, []
        return taken
