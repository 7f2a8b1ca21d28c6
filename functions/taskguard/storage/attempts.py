"""What a worker writes of an attempt: claim it, complete it, fail it, postpone it, or give the task up.

`taskguard.storage.conditions` has the table of all changes of state, and their conditions.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from taskguard.model import json_text
from taskguard.model.clock import to_millis, to_text
from taskguard.model.json_text import Json
from taskguard.model.message import Message
from taskguard.model.record import ATTEMPTS_KEPT, Attempt, Failure, Outcome, Status, TaskRecord, shortened
from taskguard.storage import conditions
from taskguard.storage.items import attempt_value
from taskguard.storage.transition import (
    LEASE_ATTRIBUTES,
    WAITING_ATTRIBUTES,
    Transition,
    from_message,
    message_values,
)

EARLY_BY: Final = timedelta(seconds=1)
"""An attempt may begin so much before its time: SQS counts whole seconds, and clocks differ."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Where a task waits for its next attempt, and until when.

    Parameters
    ----------
    until
        No attempt is made earlier.
    sent_at
        When the message was sent that will wake it; None if its present message, hidden, does.
    due_at
        When the waker is to send a message; None if there is one.
    """

    until: datetime
    sent_at: datetime | None = None
    due_at: datetime | None = None

    def assign(self) -> dict[str, str]:
        """Return the attributes that the wait sets."""
        assign = {"notBefore": ":until"}
        if self.sent_at:
            assign["sentAt"] = ":sent"
        if self.due_at:
            assign["dueAt"] = ":due"
        return assign

    def values(self) -> dict[str, Any]:
        """Return the values of their placeholders."""
        return {
            ":until": to_millis(self.until),
            ":sent": self.sent_at and to_millis(self.sent_at),
            ":due": self.due_at and to_millis(self.due_at),
        }


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker claims a task with.

    Parameters
    ----------
    token
        Makes a report of this attempt, and of no other, count.
    lease_until
        When Lambda stops the invocation.
    sent_at
        When the message was sent; kept for a task that has no record yet.
    max_attempts
        Attempts of one generation.
    """

    message: Message
    attempt: Attempt
    token: str
    lease_until: datetime
    sent_at: datetime
    max_attempts: int

    def values(self) -> dict[str, Any]:
        """Return the values that both forms of the claim use."""
        now = self.attempt.started_at
        return {
            ":token": self.token,
            ":lease": to_millis(self.lease_until),
            ":none": [],
            ":attempt": [attempt_value(self.attempt)],
            ":zero": 0,
            ":one": 1,
            ":room": ATTEMPTS_KEPT,
            ":now": to_millis(now),
            ":sent": to_millis(self.sent_at),
            ":processing": Status.PROCESSING.value,
            **message_values(self.message, now),
        }


def claim(claimed: Claim) -> Transition:
    """Take a task for one attempt; also makes the record of a task that was put on the queue directly."""
    return Transition(
        condition=conditions.CLAIMABLE,
        assign={
            **_CLAIM,
            **from_message(claimed.message),
            "attemptsUsed": "if_not_exists(attemptsUsed, :zero) + :one",
            "generationStartedAt": "if_not_exists(generationStartedAt, :now)",
        },
        remove=_NOT_WHILE_PROCESSING,
        values={
            ":max": claimed.max_attempts,
            ":soon": to_millis(claimed.attempt.started_at + EARLY_BY),
            ":queued": Status.QUEUED.value,
            ":retrying": Status.RETRYING.value,
            **claimed.values(),
        },
    )


def claim_by_newer(claimed: Claim) -> Transition:
    """Take a task that an older generation left, for the first attempt of the message's generation."""
    return Transition(
        condition=conditions.CLAIMABLE_BY_NEWER,
        assign={
            **_CLAIM,
            **from_message(claimed.message),
            "attemptsUsed": ":one",
            "generationStartedAt": ":now",
        },
        remove=_NOT_WHILE_PROCESSING,
        values={
            ":completed": Status.COMPLETED.value,
            ":cancelled": Status.CANCELLED.value,
            **claimed.values(),
        },
    )


def shorten(record: TaskRecord, now: datetime) -> Transition:
    """Make room in a full history; refused if it is no longer the history that was seen."""
    return Transition(
        condition=conditions.HISTORY_AS_SEEN,
        assign={"attempts": ":kept"},
        values={
            ":kept": [attempt_value(attempt) for attempt in shortened(record.attempts)],
            ":size": len(record.attempts),
            ":count": record.attempt_count,
            ":now": to_millis(now),
            ":processing": Status.PROCESSING.value,
        },
    )


def complete(record: TaskRecord, result: Json, now: datetime, expires: datetime) -> Transition:
    """Keep the result of the running attempt; the record may be deleted from `expires` on."""
    last = f"attempts[{len(record.attempts) - 1}]"
    return Transition(
        condition=conditions.MY_ATTEMPT,
        assign={
            "#status": ":completed",
            "#result": ":result",
            "completedAt": ":at",
            "updatedAt": ":at",
            "expiresAt": ":expires",
            f"{last}.endedAt": ":at",
            f"{last}.outcome": ":completed",
            **_children(record),
        },
        remove=("leaseUntil",),
        reserved=("result",),
        values={
            ":processing": Status.PROCESSING.value,
            ":completed": Status.COMPLETED.value,
            ":token": record.lease_token,
            ":result": json_text.compact(result),
            ":children": list(record.children) or None,
            ":at": to_text(now),
            ":expires": int(expires.timestamp()),
        },
    )


def fail(record: TaskRecord, failure: Failure, now: datetime, wait: Wait | None) -> Transition:
    """Keep the error of the running attempt; without a wait, no other attempt follows."""
    last = f"attempts[{len(record.attempts) - 1}]"
    return Transition(
        condition=conditions.MY_ATTEMPT,
        assign={
            "#status": ":next",
            "lastError": ":error",
            "updatedAt": ":at",
            f"{last}.endedAt": ":at",
            f"{last}.outcome": ":outcome",
            f"{last}.#error": ":error",
            **_children(record),
            **(wait.assign() if wait else {}),
        },
        remove=("leaseUntil",),
        reserved=("error",),
        values={
            ":processing": Status.PROCESSING.value,
            ":next": (Status.RETRYING if wait else Status.GIVING_UP).value,
            ":token": record.lease_token,
            ":error": failure.members(),
            ":at": to_text(now),
            ":outcome": Outcome.FAILED.value,
            ":children": list(record.children) or None,
            **(wait.values() if wait else {}),
        },
    )


def postpone(record: TaskRecord, failure: Failure, now: datetime, wait: Wait) -> Transition:
    """Let the work be called later; the attempt does not count, and joins a postponed one before it."""
    before, last = record.attempts[-2:-1], record.attempts[-1]
    joined = next((each for each in before if _join(each, last)), None)
    path = f"attempts[{len(record.attempts) - (2 if joined else 1)}]"
    entry = {f"{path}.endedAt": ":at", f"{path}.outcome": ":outcome", f"{path}.#error": ":error"}
    if joined:
        entry[f"{path}.times"] = ":times"
    return Transition(
        condition=conditions.MY_ATTEMPT,
        assign={
            "#status": ":retrying",
            "attemptsUsed": "attemptsUsed - :one",
            "updatedAt": ":at",
            **entry,
            **_children(record),
            **wait.assign(),
        },
        remove=("leaseUntil", *((f"attempts[{len(record.attempts) - 1}]",) if joined else ())),
        reserved=("error",),
        values={
            ":processing": Status.PROCESSING.value,
            ":retrying": Status.RETRYING.value,
            ":token": record.lease_token,
            ":error": failure.members(),
            ":at": to_text(now),
            ":outcome": Outcome.POSTPONED.value,
            ":children": list(record.children) or None,
            ":one": 1,
            ":times": joined.times + 1 if joined else None,
            **wait.values(),
        },
    )


def _join(before: Attempt, last: Attempt) -> bool:
    return before.outcome is Outcome.POSTPONED and before.generation == last.generation


def _children(record: TaskRecord) -> dict[str, str]:
    """Return the assignment of the tasks that the attempt, or one before it, has submitted."""
    return {"children": ":children"} if record.children else {}


def exhaust(record: TaskRecord, failure: Failure, now: datetime, max_attempts: int) -> Transition:
    """Give a task up whose attempts are used up, although no worker lived to say so."""
    return Transition(
        condition=conditions.EXHAUSTED,
        assign={"#status": ":giving_up", "lastError": ":error", "updatedAt": ":at"},
        remove=(*WAITING_ATTRIBUTES, *LEASE_ATTRIBUTES),
        values={
            ":giving_up": Status.GIVING_UP.value,
            ":queued": Status.QUEUED.value,
            ":retrying": Status.RETRYING.value,
            ":processing": Status.PROCESSING.value,
            ":generation": record.generation,
            ":max": max_attempts,
            ":error": failure.members(),
            ":now": to_millis(now),
            ":at": to_text(now),
        },
    )


_CLAIM: Final = {
    "#status": ":processing",
    "leaseToken": ":token",
    "leaseUntil": ":lease",
    "attempts": "list_append(if_not_exists(attempts, :none), :attempt)",
    "attemptCount": "if_not_exists(attemptCount, :zero) + :one",
    "sentAt": "if_not_exists(sentAt, :sent)",
}

_NOT_WHILE_PROCESSING: Final = ("notBefore", "dueAt", "deadLetteredAt", "expiresAt")
