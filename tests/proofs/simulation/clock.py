"""Time that the test moves."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class MovableClock:
    """A clock that stands still until it is moved, and never goes back."""

    def __init__(self) -> None:
        self._now = START

    def __call__(self) -> datetime:
        """Return the present time."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)

    def advance_to(self, moment: datetime) -> None:
        """Let time pass until a moment; nothing if it is over."""
        self._now = max(self._now, moment)
