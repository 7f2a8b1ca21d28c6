"""AWS's limits in a scenario; by default none of them is reached, so that a run is about something else."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """What the simulated AWS holds back, forgets or is late with.

    Parameters
    ----------
    retention_seconds, dead_letter_retention_seconds
        How old a message gets in the task queue and in the dead-letter queue; None: for ever.
    most_in_flight
        Messages in flight at which the task queue hands out nothing more; None: any number.
    purge_takes_what_follows
        Whether a purge also takes what is sent in the minute after it.
    index_lag_seconds
        How long a write takes to reach the table's indexes.
    page_bytes
        Greatest size of a page of a query or scan (AWS: 1 MB).
    """

    retention_seconds: float | None = None
    dead_letter_retention_seconds: float | None = None
    most_in_flight: int | None = None
    purge_takes_what_follows: bool = False
    index_lag_seconds: float = 0
    page_bytes: int = 1024 * 1024


OUT_OF_REACH: Final = Limits()
"""No limit is ever met."""
