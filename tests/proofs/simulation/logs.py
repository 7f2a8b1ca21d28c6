"""The log lines of a run, kept instead of printed."""

import json
import logging
from typing import Final

from taskguard.edge.telemetry import Event
from tests.proofs.simulation.clients import Seat
from tests.proofs.simulation.history import Crashed, Logged

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
        event, journal = getattr(record, "event", None), self._seat.world.journal
        if self._seat.process.alive and event in _PROMISED:
            journal.add(Logged(json.loads(self.format(record))))
        if event == Event.CRASHED.value:
            error = record.exc_info[1] if record.exc_info else None
            journal.add(Crashed(self._seat.process.kind, repr(error)))


def keep_lines(service: str, seat: Seat) -> None:
    """Let a service's lines go to the journal of the run that sits in the seat."""
    logger = logging.getLogger(service)
    formatter = logger.handlers[0].formatter
    logger.handlers[:] = [KeptLines(seat, formatter)]
    logger.propagate = False
