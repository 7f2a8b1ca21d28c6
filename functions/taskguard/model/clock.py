"""Time, always with a zone, and its text form in records and logs."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Where the present time comes from; tests pass one that they move."""


def utc_now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Return ISO 8601 in UTC with milliseconds and `Z`: sorts as text in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Return the moment of a text made by `to_text`."""
    return datetime.fromisoformat(text)


def from_millis(millis: int) -> datetime:
    """Return the moment of milliseconds since the epoch."""
    return datetime.fromtimestamp(millis / 1000, UTC)


def to_millis(moment: datetime) -> int:
    """Return milliseconds since the epoch, the unit of what conditions compare."""
    return round(moment.timestamp() * 1000)
