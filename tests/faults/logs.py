"""The log lines of a run, kept instead of printed."""

import json
import logging
from typing import Final

from taskguard.telemetry import Event
from tests.faults.clients import Seat
from tests.faults.journal import Logged

_PROMISED: Final = {Event.DEAD_LETTER.value}
"""Lines that an invariant reads. Formatting every line would take a third of a run's time."""


class KeptLines(logging.Handler):
    """Keeps the promised lines as the function wrote them; a process that is dead writes none."""

    def __init__(self, seat: Seat, formatter: logging.Formatter | None) -> None:
        super().__init__()
        self._seat = seat
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        if self._seat.process.alive and getattr(record, "event", None) in _PROMISED:
            self._seat.world.journal.add(Logged(json.loads(self.format(record))))


def keep_lines(service: str, seat: Seat) -> None:
    """Let a service's lines go to the journal of the run that sits in the seat."""
    logger = logging.getLogger(service)
    formatter = logger.handlers[0].formatter
    logger.handlers[:] = [KeptLines(seat, formatter)]
    logger.propagate = False
