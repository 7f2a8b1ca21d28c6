"""A task's record: what the table holds, as immutable values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from taskguard.json_text import Json


class Status(StrEnum):
    """Where a task stands; README's state machine shows the transitions."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    RETRYING = "RETRYING"
    COMPLETED = "COMPLETED"
    DEAD_LETTERED = "DEAD_LETTERED"


SETTLED = frozenset({Status.COMPLETED, Status.DEAD_LETTERED})
"""States in which nothing more happens unless somebody redrives."""


class Outcome(StrEnum):
    """How an attempt ended. An attempt without one is running, or its worker was stopped in the middle."""

    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is kept: the exception's type name and its text."""

    type: str
    message: str

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        """Return what is kept of an exception; the message is cut to 500 characters."""
        message = str(error).encode("utf-8", "replace").decode()
        return cls(type(error).__name__, message[:500])


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a task.

    Parameters
    ----------
    generation
        The generation of the message that woke it: 1, and one more for each redrive.
    receive_count
        SQS's ``ApproximateReceiveCount`` of that message, from 1.
    request_id
        The Lambda invocation it ran in, for finding its logs.
    """

    generation: int
    receive_count: int
    started_at: datetime
    request_id: str
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """The truth about a task.

    Parameters
    ----------
    generation
        1 when submitted, one more for each redrive; a message of an older generation is stale.
    lease_token, lease_until
        Who may report the running attempt, and until when nobody else may claim the task.
    permanent
        True between a permanent failure and its burial: no further attempt is made.
    submitted_by
        Id of the API request that created the record; tells a repeated write from a repeated submit.
    """

    task_id: str
    status: Status
    generation: int
    payload: Json
    payload_hash: str
    created_at: datetime
    updated_at: datetime
    attempts: tuple[Attempt, ...] = ()
    last_error: Failure | None = None
    result: Json = None
    next_attempt_at: datetime | None = None
    completed_at: datetime | None = None
    dead_lettered_at: datetime | None = None
    lease_token: str | None = None
    lease_until: datetime | None = None
    permanent: bool = False
    submitted_by: str | None = None
    correlation_id: str | None = None

    @property
    def is_untried(self) -> bool:
        """Tell whether the task waits for its first attempt, so that sending its message again is safe."""
        return self.status is Status.QUEUED and not self.attempts
