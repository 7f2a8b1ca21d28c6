"""What a task is: its id and its record, as immutable values."""

import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeGuard

from taskguard.model.clock import to_millis
from taskguard.model.json_text import Json

TASK_ID_PATTERN: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
"""What an id is made of; correlation ids follow the same rule."""

TASK_ID_RULE: Final = "must be 1 to 128 characters out of A-Z a-z 0-9 . _ : -, and neither . nor .."

_DOT_SEGMENTS: Final = {".", ".."}
"""Clients and proxies remove these from a path (RFC 3986, section 5.2.4): nobody could read such a task."""


def is_task_id(task_id: object) -> TypeGuard[str]:
    """Tell whether a value can be a task id."""
    return (
        isinstance(task_id, str) and bool(TASK_ID_PATTERN.fullmatch(task_id)) and task_id not in _DOT_SEGMENTS
    )


def new_task_id(now: datetime) -> str:
    """Return a new UUIDv7: 48 bits of milliseconds, then 74 random bits (RFC 9562, section 5.7)."""
    random = secrets.randbits(74)
    high = (to_millis(now) & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | random >> 62
    low = 0b10 << 62 | random & (1 << 62) - 1
    return str(uuid.UUID(int=high << 64 | low))


class Status(StrEnum):
    """Where a task stands; `taskguard.storage.transitions` says how it gets there."""

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

    def __str__(self) -> str:
        return f"{self.type}: {self.message}"

    def members(self) -> dict[str, Json]:
        """Return it as the table, the API and the log write it."""
        return {"type": self.type, "message": self.message}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a task.

    Parameters
    ----------
    generation
        The generation of the message that woke it: 1, and one more for each redrive.
    receive_count
        SQS's `ApproximateReceiveCount` of that message, from 1.
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
    def is_settled(self) -> bool:
        """Tell whether nothing more happens to the task by itself."""
        return self.status in SETTLED

    @property
    def is_untried(self) -> bool:
        """Tell whether the task waits for its first attempt, so that sending its message again is safe."""
        return self.status is Status.QUEUED and not self.attempts

    def log_facts(self) -> dict[str, str | int | None]:
        """Return what every log line about the task says of it."""
        return {
            "taskId": self.task_id,
            "attempt": len(self.attempts) or None,
            "generation": self.generation,
            "status": self.status.value,
            "correlationId": self.correlation_id,
        }
