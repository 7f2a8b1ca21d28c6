"""A task on its way: as a client submits it, as the queue carries it, and what becomes of the message."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from taskguard.model import json_text
from taskguard.model.errors import InvalidJson, UnreadableMessage
from taskguard.model.json_text import Json
from taskguard.model.record import TASK_ID_RULE, is_task_id

MAX_PAYLOAD_BYTES: Final = 256 * 1024
"""Largest payload, as compact UTF-8 JSON. With result and attempts it fits DynamoDB's item of 400 KB."""

UNREADABLE_PREFIX: Final = "unreadable:"
"""Begins the id of the record that is made of a dead letter which does not describe a task."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A task that a client wants done; one without an id is given one."""

    task_id: str | None
    payload: Json


@dataclass(frozen=True, slots=True)
class Message:
    """A task as the queue carries it: it wakes a worker, the record decides.

    Parameters
    ----------
    generation
        1 when submitted, one more for each redrive. A producer that writes to the queue directly may leave
        it out of the body; it is then 1.
    """

    task_id: str
    payload: Json
    generation: int = 1

    def body(self) -> str:
        """Return the body as ASCII JSON."""
        return json_text.ascii_text(
            {"taskId": self.task_id, "payload": self.payload, "generation": self.generation}
        )

    @classmethod
    def parse(cls, body: str) -> "Message":
        """Return the message of a body; raises `UnreadableMessage` if the body does not describe a task."""
        try:
            value = json_text.parse(body)
        except InvalidJson as error:
            raise UnreadableMessage(f"the body {error}") from error
        if not isinstance(value, dict):
            raise UnreadableMessage("the body is no JSON object")
        task_id, generation = value.get("taskId"), value.get("generation", 1)
        if not is_task_id(task_id):
            raise UnreadableMessage(f"taskId {TASK_ID_RULE}")
        if "payload" not in value:
            raise UnreadableMessage("payload is missing")
        if json_text.size(value["payload"]) > MAX_PAYLOAD_BYTES:
            raise UnreadableMessage(f"payload is over {MAX_PAYLOAD_BYTES} bytes")
        if type(generation) is not int or not 1 <= generation <= 1_000_000:
            raise UnreadableMessage("generation must be a whole number from 1")
        return cls(task_id, value["payload"], generation)


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
    """

    body: str
    message_id: str
    receipt_handle: str
    receive_count: int
    sent_at: datetime
    request_id: str
    deadline: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """The message has served its purpose: SQS may delete it."""


@dataclass(frozen=True, slots=True)
class ComeBack:
    """The message must be delivered again.

    Parameters
    ----------
    after_seconds
        How long it stays hidden from now on, 0 to 42,300; None leaves it to the queue's visibility timeout.
    """

    after_seconds: int | None = None


Verdict: TypeAlias = Done | ComeBack
"""What shall happen to a message."""
