"""How long to wait before a request is sent again. Pure."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

LONGEST_SECONDS = 30.0
_FIRST_SECONDS = 0.25


def wait_before_retry(tries: int, headers: Mapping[str, str], now: datetime) -> float:
    """Seconds to wait: what `Retry-After` says, else 0.25, 0.5, 1, ...; 30 at most.

    Parameters
    ----------
    tries
        How often the request has been sent, from 1.
    headers
        The answer's headers; empty if there was none.
    now
        The present time, for a `Retry-After` that is a date (RFC 9110, 10.2.3).
    """
    asked = _retry_after(headers.get("retry-after", ""), now)
    wait = _FIRST_SECONDS * 2 ** (tries - 1) if asked is None else asked
    return min(max(wait, 0.0), LONGEST_SECONDS)


def _retry_after(text: str, now: datetime) -> float | None:
    if text.strip().isdigit():
        return float(text)
    try:
        return (parsedate_to_datetime(text) - now).total_seconds()
    except (TypeError, ValueError):
        return None
