"""What others than workers write of a task: its burial, its messages sent anew, and its end by a person.

`taskguard.storage.conditions` has the table of all changes of state, and their conditions.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from taskguard.model.clock import to_millis, to_text
from taskguard.model.message import Message
from taskguard.model.record import Failure, Status, TaskRecord
from taskguard.model.retry import LONGEST_DELAY
from taskguard.storage import conditions
from taskguard.storage.transition import (
    LEASE_ATTRIBUTES,
    WAITING_ATTRIBUTES,
    Transition,
    from_message,
    message_values,
)

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How much later than a message's own time its record may say that it was sent."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter that is to be recorded.

    Parameters
    ----------
    sent_at
        `SentTimestamp` of the message; SQS keeps it when it moves a message to the dead-letter queue itself.
        It counts where the message does not say when it was sent.
    """

    message: Message
    failure: Failure
    sent_at: datetime


def bury(letter: DeadLetter, now: datetime, expires: datetime, *, with_history: bool = True) -> Transition:
    """Put a task aside as a dead letter; burying it twice keeps the first time.

    Without its history, where the record would be too large for DynamoDB with it.
    """
    history = () if with_history else ("attempts",)
    return Transition(
        condition=conditions.BURIABLE,
        assign={
            "#status": ":dead",
            "lastError": ":error",
            "deadLetteredAt": "if_not_exists(deadLetteredAt, :at)",
            "expiresAt": ":expires",
            **from_message(letter.message),
        },
        remove=(*LEASE_ATTRIBUTES, *WAITING_ATTRIBUTES, *history),
        values={
            ":error": letter.failure.members(),
            ":sent": to_millis(letter.message.sent_at or letter.sent_at + CLOCK_SKEW),
            ":woken": to_millis(letter.sent_at + LONGEST_DELAY + CLOCK_SKEW),
            ":expires": int(expires.timestamp()),
            ":now": to_millis(now),
            ":processing": Status.PROCESSING.value,
            ":completed": Status.COMPLETED.value,
            ":cancelled": Status.CANCELLED.value,
            ":giving_up": Status.GIVING_UP.value,
            ":dead": Status.DEAD_LETTERED.value,
            **message_values(letter.message, now),
        },
    )


def wake(record: TaskRecord, now: datetime) -> Transition:
    """Note that a task that waited in the table has a message, which was sent first."""
    return Transition(
        condition=conditions.STILL_DUE,
        assign={"notBefore": ":due", "sentAt": ":now"},
        remove=("dueAt",),
        values={
            ":due": record.due_at and to_millis(record.due_at),
            ":generation": record.generation,
            ":now": to_millis(now),
        },
        names_status=False,
    )


def rescue(record: TaskRecord, now: datetime) -> Transition:
    """Note that an open task whose message is gone has a new one, which was sent first."""
    return Transition(
        condition=conditions.STILL_STRANDED if record.sent_at else conditions.STRANDED_BEFORE_SENT_AT,
        assign={"sentAt": ":now"},
        values={
            ":queued": Status.QUEUED.value,
            ":retrying": Status.RETRYING.value,
            ":processing": Status.PROCESSING.value,
            ":seen": record.sent_at and to_millis(record.sent_at),
            ":now": to_millis(now),
        },
    )


def redrive(record: TaskRecord, now: datetime) -> Transition:
    """Mark what was given up as queued again, after its message of the next generation was sent."""
    return Transition(
        condition=conditions.STILL_THERE,
        assign={
            "#status": ":queued",
            "generation": ":generation",
            "attemptsUsed": ":zero",
            "sentAt": ":now",
            "updatedAt": ":at",
        },
        remove=("deadLetteredAt", "expiresAt", "generationStartedAt", *WAITING_ATTRIBUTES),
        values={
            ":queued": Status.QUEUED.value,
            ":was": record.status.value,
            ":seen": record.generation,
            ":generation": record.generation + 1,
            ":zero": 0,
            ":now": to_millis(now),
            ":at": to_text(now),
        },
    )


def cancel(record: TaskRecord, reason: str, now: datetime, expires: datetime) -> Transition:
    """End a task that waits, or a dead letter, on purpose."""
    return Transition(
        condition=conditions.CANCELLABLE,
        assign={
            "#status": ":cancelled",
            "cancelledAt": ":at",
            "cancelReason": ":reason",
            "updatedAt": ":at",
            "expiresAt": ":expires",
        },
        remove=("deadLetteredAt", *LEASE_ATTRIBUTES, *WAITING_ATTRIBUTES),
        values={
            ":cancelled": Status.CANCELLED.value,
            ":queued": Status.QUEUED.value,
            ":retrying": Status.RETRYING.value,
            ":processing": Status.PROCESSING.value,
            ":dead": Status.DEAD_LETTERED.value,
            ":generation": record.generation,
            ":reason": reason,
            ":now": to_millis(now),
            ":at": to_text(now),
            ":expires": int(expires.timestamp()),
        },
    )
