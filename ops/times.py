"""Lengths and points of time as a user writes them."""

import re
from datetime import UTC, datetime, timedelta

from ops.errors import UsageError

_LENGTH = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def parse_length(text: str) -> timedelta:
    """Read a length of time such as `90s`, `15m`, `2h30m` or `7d`.

    Raises
    ------
    UsageError
        The text is something else.
    """
    found = _LENGTH.fullmatch(text.strip())
    if not found or not text.strip():
        raise UsageError(f"{text!r} is no length of time: expected one like 90s, 15m, 2h30m or 7d.")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise UsageError(f"{text!r} is too long.") from None


def parse_moment(text: str, now: datetime) -> datetime:
    """Read a point of time: ISO 8601 (without a zone: UTC), or a length of time before now.

    Raises
    ------
    UsageError
        The text is neither, or a length that goes back before the calendar begins.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _before(now, text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _before(now: datetime, text: str) -> datetime:
    try:
        return now - parse_length(text)
    except (UsageError, OverflowError):
        raise UsageError(
            f"{text!r} is no time: expected one like 2026-11-21T09:00:00Z, 2026-11-21, or a length "
            "back from now such as 15m or 2h."
        ) from None
