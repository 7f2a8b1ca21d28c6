"""What a task is: its id and its record, as immutable values."""

import hashlib
import re
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeGuard

from taskguard.model.clock import to_millis
from taskguard.model.json_text import Json

TASK_ID_PATTERN: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
"""What an id is made of; correlation ids follow the same rule."""

TASK_ID_RULE: Final = "must be 1 to 128 characters out of A-Z a-z 0-9 . _ : -, and neither . nor .."

KIND_NAME_PATTERN: Final = re.compile(r"[a-z][a-z0-9.-]{0,63}", re.ASCII)
"""What the name of a kind is made of."""

KIND_NAME_RULE: Final = "must be a small letter and up to 63 more, digits, dots or hyphens"

_DOT_SEGMENTS: Final = {".", ".."}
"""Clients and proxies remove these from a path (RFC 3986, section 5.2.4): nobody could read such a task."""


def is_task_id(task_id: object) -> TypeGuard[str]:
    """Tell whether a value can be a task id."""
    return (
        isinstance(task_id, str) and bool(TASK_ID_PATTERN.fullmatch(task_id)) and task_id not in _DOT_SEGMENTS
    )


def is_kind_name(name: object) -> TypeGuard[str]:
    """Tell whether a value can be the name of a kind, known or not."""
    return isinstance(name, str) and bool(KIND_NAME_PATTERN.fullmatch(name))


def child_task_id(parent_id: str, kind: str, payload_hash: str, key: str) -> str:
    """Return the id of a task that another one submits: the same whenever it does so again.

    A UUIDv8 (RFC 9562, section 5.8) of what tells one child from another.
    """
    name = "\0".join((parent_id, kind, payload_hash, key))
    number = int.from_bytes(hashlib.sha256(name.encode("utf-8", "replace")).digest()[:16])
    number = number & ~(0xF << 76) & ~(0b11 << 62) | 8 << 76 | 0b10 << 62
    return str(uuid.UUID(int=number))


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
    """Begun, and waiting for its next attempt."""
    GIVING_UP = "GIVING_UP"
    """No further attempt follows; not settled, for its dead letter is still on its way."""
    COMPLETED = "COMPLETED"
    DEAD_LETTERED = "DEAD_LETTERED"
    CANCELLED = "CANCELLED"
    """Ended by a person, with a reason."""


SETTLED: Final = frozenset({Status.COMPLETED, Status.DEAD_LETTERED, Status.CANCELLED})
"""States in which nothing more happens unless somebody redrives."""

WAITING: Final = frozenset({Status.QUEUED, Status.RETRYING})
"""States in which a task waits for an attempt."""

ATTEMPTS_KEPT: Final = 25
"""Most entries of a record's history; see `shortened`."""

_FIRST_KEPT: Final = 5
_LAST_KEPT: Final = 19

CHILDREN_KEPT: Final = 100
"""Most children that a record lists; each child names its parent, however many there are."""

MAX_ERROR_BYTES: Final = 1000
"""Longest error message kept, as UTF-8; 25 of them fit beside the largest payload and result."""

MAX_ERROR_TYPE_BYTES: Final = 200
"""Longest name of an error's type kept, as UTF-8."""


class Outcome(StrEnum):
    """How an attempt ended. An attempt without one is running, or its worker was stopped in the middle."""

    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    POSTPONED = "POSTPONED"
    """The work asked to be called later, which is no failure and uses up no attempt."""


def _cut(text: str, most_bytes: int) -> str:
    """Return as much of a text as fits, without half a character; half a surrogate pair becomes `?`."""
    return text.encode("utf-8", "replace")[:most_bytes].decode("utf-8", "ignore")


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is kept: the exception's type name and its text."""

    type: str
    message: str

    @classmethod
    def of(cls, error: BaseException, type_name: str | None = None) -> "Failure":
        """Return what is kept of an exception: type and message, each cut to its limit in bytes."""
        name = type_name or type(error).__name__
        return cls(_cut(name, MAX_ERROR_TYPE_BYTES), _cut(str(error), MAX_ERROR_BYTES))

    def __str__(self) -> str:
        return f"{self.type}: {self.message}"

    def members(self) -> dict[str, Json]:
        """Return it as the table, the API and the log write it."""
        return {"type": self.type, "message": self.message}


INTERRUPTED: Final = Failure(
    "Interrupted", "the worker stopped before it could report: timed out, killed or out of memory"
)
NEVER_STARTED: Final = Failure("NeverStarted", "the message was received, but no attempt could be recorded")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a task, or several in a row that were postponed.

    Parameters
    ----------
    generation
        The generation of the message that woke it: 1, and one more for each redrive.
    receive_count
        SQS's `ApproximateReceiveCount` of that message, from 1.
    request_id
        The Lambda invocation it ran in, for finding its logs.
    times
        How many attempts the entry stands for: above 1 only where neighbours were all postponed. It then
        tells when the first began and how the last ended.
    """

    generation: int
    receive_count: int
    started_at: datetime
    request_id: str
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    error: Failure | None = None
    times: int = 1


def shortened(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """Return a full history with room for one more entry: its first and its last attempts."""
    return attempts[:_FIRST_KEPT] + attempts[-_LAST_KEPT:]


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """The truth about a task.

    Parameters
    ----------
    generation
        1 when submitted, one more for each redrive; a message of an older generation is stale.
    attempts
        The history, at most `ATTEMPTS_KEPT` entries: what is left out stood after the first five.
    attempt_count
        How many attempts were made, in all generations, exactly.
    attempts_used
        How many of the present generation count against `maxAttempts`; postponed ones do not.
    generation_started_at
        When the present generation's first attempt began; the deadline counts from then.
    not_before
        No attempt is made earlier.
    due_at
        When the waker sends the next message; while it is set, the task has no message.
    sent_at
        When the present message was sent. SQS forgets it after the queue's retention.
    lease_token, lease_until
        Who may report the running attempt, and until when nobody else may claim the task.
    cancel_reason
        Why a person ended it.
    submit_id
        Id of the API request that created the record; tells a repeated write from a repeated submit.
    submitted_by
        Who submitted the task, as `Request.caller` says; for operators, not for the API.
    kind
        The name that its kind had when it was submitted; None is the default kind.
    parent_id
        The task whose work submitted it.
    children
        The first `CHILDREN_KEPT` tasks that its work submitted.
    """

    task_id: str
    status: Status
    generation: int
    payload: Json
    payload_hash: str
    created_at: datetime
    updated_at: datetime
    attempts: tuple[Attempt, ...] = ()
    attempt_count: int = 0
    attempts_used: int = 0
    generation_started_at: datetime | None = None
    last_error: Failure | None = None
    result: Json = None
    not_before: datetime | None = None
    due_at: datetime | None = None
    sent_at: datetime | None = None
    completed_at: datetime | None = None
    dead_lettered_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    lease_token: str | None = None
    lease_until: datetime | None = None
    submit_id: str | None = None
    submitted_by: str | None = None
    correlation_id: str | None = None
    kind: str | None = None
    parent_id: str | None = None
    children: tuple[str, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing more happens to the task by itself."""
        return self.status in SETTLED

    @property
    def is_untried(self) -> bool:
        """Tell whether the task waits for its first attempt, so that sending its message again is safe."""
        return self.status is Status.QUEUED and not self.attempts

    @property
    def history_is_full(self) -> bool:
        """Tell whether the history must be `shortened` before another attempt can be kept."""
        return len(self.attempts) >= ATTEMPTS_KEPT

    @property
    def next_attempt_at(self) -> datetime | None:
        """Return the earliest time of the next attempt, whatever the reason; None if none is waited for."""
        return self.not_before or self.due_at if self.status in WAITING else None

    def has_live_lease(self, now: datetime) -> bool:
        """Tell whether an attempt may be running: nobody else may claim or bury the task."""
        return self.status is Status.PROCESSING and self.lease_until is not None and now <= self.lease_until

    def is_stranded(self, now: datetime, message_life: timedelta) -> bool:
        """Tell whether an open task's message must be gone, so that nothing would wake the task any more.

        Parameters
        ----------
        message_life
            How long a message can live, with some reserve: the queue's retention and an hour.
        """
        if self.is_settled or self.due_at or self.has_live_lease(now):
            return False
        return (self.sent_at or self.updated_at) + message_life < now

    def cause_of_death(self) -> Failure:
        """Return why the present generation found its end: its last attempt's error, or why there is none."""
        if not self.attempts or self.attempts[-1].generation != self.generation:
            return NEVER_STARTED
        return self.attempts[-1].error or INTERRUPTED

    def numbered_attempts(self) -> Iterator[tuple[int, Attempt]]:
        """Yield each entry of the history with its number; numbers count over the task's whole life."""
        number = 1
        missing = max(self.attempt_count - sum(attempt.times for attempt in self.attempts), 0)
        for position, attempt in enumerate(self.attempts):
            if position == _FIRST_KEPT:
                number += missing
            yield number, attempt
            number += attempt.times

    def log_facts(self) -> dict[str, str | int | None]:
        """Return what every log line about the task says of it."""
        return {
            "taskId": self.task_id,
            "kind": self.kind,
            "attempt": self.attempt_count or None,
            "generation": self.generation,
            "status": self.status.value,
            "correlationId": self.correlation_id,
        }
