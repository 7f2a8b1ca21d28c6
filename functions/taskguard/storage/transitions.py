"""Every change of state as one conditional write, each condition with a name.

    submit      no record ---------------------------------------> QUEUED
    claim       QUEUED, RETRYING, no record, PROCESSING whose
                lease has run out, or DEAD_LETTERED by a message
                sent later (SQS's own redrive) -------------------> PROCESSING (lease, attempt appended)
    complete    PROCESSING under my attempt ----------------------> COMPLETED
    fail        PROCESSING under my attempt ----------------------> RETRYING
    bury        anything but COMPLETED, no live lease ------------> DEAD_LETTERED
    redrive     DEAD_LETTERED ------------------------------------> QUEUED, next generation

The time of a lease:

    claim ---------------- lease ----------------| lease over: anybody may claim
      |  work, then complete or fail             |   a late report is refused, its token is gone
    PROCESSING                                 the invocation was stopped by Lambda

DynamoDB evaluates condition and update as one step (DynamoDB Developer Guide, "Condition expressions").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from taskguard.model import json_text
from taskguard.model.clock import to_millis, to_text
from taskguard.model.json_text import Json
from taskguard.model.message import Message
from taskguard.model.record import Attempt, Failure, Outcome, Status, TaskRecord
from taskguard.storage.items import attempt_value, to_values

NO_RECORD = "attribute_not_exists(taskId)"
MESSAGE_NOT_OLDER = "generation <= :generation"
MESSAGE_NEWER = "generation < :generation"
QUEUED = "#status = :queued"
RETRY_DUE = f"(#status = :retrying AND (attribute_not_exists(permanent) OR {MESSAGE_NEWER}))"
# A message older than the burial may be a late duplicate of one that is deleted already: nothing would wake
# the task again if this attempt failed. SQS's own redrive sends new messages, with a new time.
SENT_AFTER_BURIAL = f"(#status = :dead AND (deadLetteredAt < :sent OR {MESSAGE_NEWER}))"
LEASE_OVER = "(#status = :processing AND leaseUntil < :now)"
NO_LIVE_LEASE = "(#status <> :processing OR leaseUntil < :now)"
NOT_COMPLETED = "#status <> :completed"
MY_ATTEMPT = "#status = :processing AND leaseToken = :token"
STILL_DEAD = "#status = :dead AND generation = :seen"

OPEN = f"{QUEUED} OR {RETRY_DUE} OR {LEASE_OVER} OR {SENT_AFTER_BURIAL}"
CLAIMABLE = f"{NO_RECORD} OR ({MESSAGE_NOT_OLDER} AND ({OPEN}))"
BURIABLE = f"{NO_RECORD} OR ({MESSAGE_NOT_OLDER} AND {NOT_COMPLETED} AND {NO_LIVE_LEASE})"


@dataclass(frozen=True, slots=True)
class Transition:
    """One conditional update of one record, as DynamoDB's expressions.

    Parameters
    ----------
    assign
        `SET` actions, an attribute path and its expression.
    remove
        Attributes that the new state does not have.
    values
        Plain values of the placeholders in condition and actions.
    reserved
        Attributes besides `status` that stand in `assign` as `#name`, because DynamoDB reserves the word.
    """

    condition: str
    assign: Mapping[str, str]
    values: Mapping[str, Any]
    remove: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()

    def request(self) -> dict[str, Any]:
        """Return the members of UpdateItem that describe the change."""
        update = "SET " + ", ".join(f"{path} = {value}" for path, value in self.assign.items())
        if self.remove:
            update += " REMOVE " + ", ".join(self.remove)
        return {
            "UpdateExpression": update,
            "ConditionExpression": self.condition,
            "ExpressionAttributeNames": {f"#{name}": name for name in ("status", *self.reserved)},
            "ExpressionAttributeValues": to_values(self.values),
        }


def claim(
    message: Message, attempt: Attempt, token: str, lease_until: datetime, sent_at: datetime
) -> Transition:
    """Take a task for one attempt; also makes the record of a task that was put on the queue directly."""
    return Transition(
        condition=CLAIMABLE,
        assign={
            "#status": ":processing",
            "leaseToken": ":token",
            "leaseUntil": ":until",
            "attempts": "list_append(if_not_exists(attempts, :none), :attempt)",
            **_FROM_MESSAGE,
        },
        remove=("nextAttemptAt", "deadLetteredAt", "deadLetterDay", "permanent", "expiresAt"),
        values={
            ":token": token,
            ":until": to_millis(lease_until),
            ":none": [],
            ":attempt": [attempt_value(attempt)],
            **_message_values(message, attempt.started_at),
            ":now": to_millis(attempt.started_at),
            ":sent": to_text(sent_at),
            ":queued": Status.QUEUED.value,
            ":processing": Status.PROCESSING.value,
            ":retrying": Status.RETRYING.value,
            ":dead": Status.DEAD_LETTERED.value,
        },
    )


def complete(record: TaskRecord, result: Json, now: datetime, expires: datetime) -> Transition:
    """Keep the result of the running attempt; the record may be deleted from `expires` on."""
    last = f"attempts[{len(record.attempts) - 1}]"
    return Transition(
        condition=MY_ATTEMPT,
        assign={
            "#status": ":completed",
            "#result": ":result",
            "completedAt": ":at",
            "updatedAt": ":at",
            "expiresAt": ":expires",
            f"{last}.endedAt": ":at",
            f"{last}.outcome": ":completed",
        },
        remove=("leaseUntil",),
        reserved=("result",),
        values={
            ":processing": Status.PROCESSING.value,
            ":completed": Status.COMPLETED.value,
            ":token": record.lease_token,
            ":result": json_text.compact(result),
            ":at": to_text(now),
            ":expires": int(expires.timestamp()),
        },
    )


def fail(
    record: TaskRecord, failure: Failure, now: datetime, next_at: datetime | None, *, permanent: bool
) -> Transition:
    """Keep the error of the running attempt; `next_at` is None if no other attempt is due."""
    last = f"attempts[{len(record.attempts) - 1}]"
    assign = {
        "#status": ":retrying",
        "lastError": ":error",
        "updatedAt": ":at",
        f"{last}.endedAt": ":at",
        f"{last}.outcome": ":outcome",
        f"{last}.#error": ":error",
    }
    values: dict[str, Any] = {
        ":processing": Status.PROCESSING.value,
        ":retrying": Status.RETRYING.value,
        ":token": record.lease_token,
        ":error": failure.members(),
        ":at": to_text(now),
        ":outcome": Outcome.FAILED.value,
    }
    if next_at:
        assign["nextAttemptAt"], values[":next"] = ":next", to_text(next_at)
    if permanent:
        assign["permanent"], values[":permanent"] = ":permanent", True
    return Transition(MY_ATTEMPT, assign, values, remove=("leaseUntil",), reserved=("error",))


def bury(message: Message, failure: Failure, now: datetime, expires: datetime) -> Transition:
    """Put a task aside as a dead letter; burying it twice keeps the first time."""
    return Transition(
        condition=BURIABLE,
        assign={
            "#status": ":dead",
            "lastError": ":error",
            "deadLetteredAt": "if_not_exists(deadLetteredAt, :at)",
            "deadLetterDay": "if_not_exists(deadLetterDay, :day)",
            "expiresAt": ":expires",
            **_FROM_MESSAGE,
        },
        remove=("leaseToken", "leaseUntil", "nextAttemptAt", "permanent"),
        values={
            ":error": failure.members(),
            ":day": to_text(now)[:10],
            ":expires": int(expires.timestamp()),
            ":now": to_millis(now),
            ":processing": Status.PROCESSING.value,
            ":completed": Status.COMPLETED.value,
            ":dead": Status.DEAD_LETTERED.value,
            **_message_values(message, now),
        },
    )


def redrive(record: TaskRecord, now: datetime) -> Transition:
    """Mark a dead letter as queued again, after its message of the next generation was sent."""
    return Transition(
        condition=STILL_DEAD,
        assign={"#status": ":queued", "generation": ":generation", "updatedAt": ":at"},
        remove=("deadLetteredAt", "deadLetterDay", "expiresAt"),
        values={
            ":queued": Status.QUEUED.value,
            ":dead": Status.DEAD_LETTERED.value,
            ":seen": record.generation,
            ":generation": record.generation + 1,
            ":at": to_text(now),
        },
    )


_FROM_MESSAGE = {
    "generation": ":generation",
    "payload": "if_not_exists(payload, :payload)",
    "payloadHash": "if_not_exists(payloadHash, :hash)",
    "createdAt": "if_not_exists(createdAt, :at)",
    "updatedAt": ":at",
}


def _message_values(message: Message, now: datetime) -> dict[str, Any]:
    return {
        ":generation": message.generation,
        ":payload": json_text.compact(message.payload),
        ":hash": json_text.digest(message.payload),
        ":at": to_text(now),
    }
