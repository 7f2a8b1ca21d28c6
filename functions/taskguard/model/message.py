"""A task on its way: as a client submits it, as the queue carries it, and what becomes of the message."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from taskguard.model import json_text
from taskguard.model.clock import from_millis, to_millis
from taskguard.model.errors import InvalidJson, UnreadableMessage
from taskguard.model.json_text import Json
from taskguard.model.record import KIND_NAME_RULE, TASK_ID_RULE, TaskRecord, is_kind_name, is_task_id

MAX_PAYLOAD_BYTES: Final = 256 * 1024
"""Largest payload, as compact UTF-8 JSON. With result and attempts it fits DynamoDB's item of 400 KB."""

_MAX_MILLIS: Final = 253_402_300_800_000
"""The year 10000, which no `datetime` reaches."""

UNREADABLE_PREFIX: Final = "unreadable:"
"""Begins the id of the record that is made of a dead letter which does not describe a task."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A task that a client wants done; one without an id is given one.

    Parameters
    ----------
    kind
        The name that its kind has today.
    """

    task_id: str | None
    payload: Json
    kind: str


@dataclass(frozen=True, slots=True)
class Message:
    """A task as the queue carries it: it wakes a worker, the record decides.

    Parameters
    ----------
    generation
        1 when submitted, one more for each redrive. A producer that writes to the queue directly may leave
        it out of the body; it is then 1.
    sent_at
        When it was sent, to the millisecond, as the record's `sentAt` says it: SQS's time comes from another
        clock. None for a producer that writes to the queue directly.
    dead_letter
        It was sent to the dead-letter queue, for the task was given up. On the task queue it can only have
        been put by somebody who wants the task tried again, as AWS's own redrive does.
    kind
        The task's kind, which says in whose lane its message belongs; None is the default kind.
    """

    task_id: str
    payload: Json
    generation: int = 1
    dead_letter: bool = False
    sent_at: datetime | None = None
    kind: str | None = None

    @classmethod
    def of(
        cls,
        record: TaskRecord,
        *,
        generation: int | None = None,
        dead_letter: bool = False,
        sent_at: datetime | None = None,
    ) -> "Message":
        """Return a message of a recorded task: of its present generation, unless another one is given."""
        return cls(
            record.task_id,
            record.payload,
            generation or record.generation,
            dead_letter,
            sent_at,
            record.kind,
        )

    def body(self) -> str:
        """Return the body as ASCII JSON."""
        members: dict[str, Json] = {
            "taskId": self.task_id,
            "payload": self.payload,
            "generation": self.generation,
        }
        if self.kind:
            members["kind"] = self.kind
        if self.sent_at:
            members["sentAt"] = to_millis(self.sent_at)
        return json_text.ascii_text(members | ({"deadLetter": True} if self.dead_letter else {}))

    @classmethod
    def parse(cls, body: str) -> "Message":
        """Return the message of a body; raises `UnreadableMessage` if the body does not describe a task."""
        try:
            value = json_text.parse(body)
        except InvalidJson as error:
            raise UnreadableMessage(f"the body {error}") from error
        if not isinstance(value, dict):
            raise UnreadableMessage("the body is not a JSON object")
        task_id, generation = value.get("taskId"), value.get("generation", 1)
        if not is_task_id(task_id):
            raise UnreadableMessage(f"taskId {TASK_ID_RULE}")
        if "payload" not in value:
            raise UnreadableMessage("payload is missing")
        if json_text.size(value["payload"]) > MAX_PAYLOAD_BYTES:
            raise UnreadableMessage(f"payload is over {MAX_PAYLOAD_BYTES} bytes")
        if type(generation) is not int or not 1 <= generation <= 1_000_000:
            raise UnreadableMessage("generation must be a whole number from 1")
        dead_letter = value.get("deadLetter", False)
        if type(dead_letter) is not bool:
            raise UnreadableMessage("deadLetter must be true or false")
        kind = value.get("kind")
        if kind is not None and not is_kind_name(kind):
            raise UnreadableMessage(f"kind {KIND_NAME_RULE}")
        return cls(task_id, value["payload"], generation, dead_letter, _sent_at(value), kind)


def _sent_at(members: dict[str, Json]) -> datetime | None:
    if "sentAt" not in members:
        return None
    millis = members["sentAt"]
    if type(millis) is not int or not 0 < millis < _MAX_MILLIS:
        raise UnreadableMessage("sentAt must be milliseconds since 1970")
    return from_millis(millis)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as SQS delivers it to one invocation of a function.

    Parameters
    ----------
    receive_count
        `ApproximateReceiveCount`, from 1.
    sent_at
        `SentTimestamp`: kept when SQS moves the message to the dead-letter queue, new when SQS redrives it.
    request_id
        Lambda's id of the invocation; the same for the whole batch.
    deadline
        When Lambda stops the invocation.
    work_until
        When an attempt that is still running is cut off and reported, a little before the deadline.
    """

    body: str
    message_id: str
    receipt_handle: str
    receive_count: int
    sent_at: datetime
    request_id: str
    deadline: datetime
    work_until: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """The message has served its purpose: SQS may delete it."""


@dataclass(frozen=True, slots=True)
class ComeBack:
    """The message must be delivered again.

    Parameters
    ----------
    after
        How long it stays hidden from now on, up to 42,300 s; None leaves that to the visibility timeout.
    """

    after: timedelta | None = None


AT_ONCE: Final = ComeBack(timedelta())
"""The message must be delivered again without a wait."""


Verdict: TypeAlias = Done | ComeBack
"""What shall happen to a message."""
