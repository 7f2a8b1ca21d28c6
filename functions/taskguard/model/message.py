"""The queue's message: it wakes a worker, the record decides."""

from dataclasses import dataclass
from typing import Any, Final

from taskguard.model import json_text
from taskguard.model.errors import InvalidJson, UnreadableMessage
from taskguard.model.json_text import Json
from taskguard.model.record import TASK_ID_RULE, is_task_id

MAX_PAYLOAD_BYTES: Final = 256 * 1024
"""Largest payload, as compact UTF-8 JSON. With result and attempts it fits DynamoDB's item of 400 KB."""


@dataclass(frozen=True, slots=True)
class Message:
    """A task as it travels.

    Parameters
    ----------
    generation
        1 when submitted, one more for each redrive. A producer that writes to the queue directly may
        leave it out of the body; it is then 1.
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
        """Return the message of a body; raises ``UnreadableMessage`` if it is no task."""
        try:
            value = json_text.parse(body)
        except InvalidJson as error:
            raise UnreadableMessage(f"the body {error}") from error
        return cls._of(value)

    @classmethod
    def _of(cls, value: Any) -> "Message":
        if not isinstance(value, dict):
            raise UnreadableMessage("the body is no JSON object")
        if not is_task_id(value.get("taskId")):
            raise UnreadableMessage(f"taskId {TASK_ID_RULE}")
        if "payload" not in value:
            raise UnreadableMessage("payload is missing")
        if json_text.size(value["payload"]) > MAX_PAYLOAD_BYTES:
            raise UnreadableMessage(f"payload is over {MAX_PAYLOAD_BYTES} bytes")
        generation = value.get("generation", 1)
        if type(generation) is not int or not 1 <= generation <= 1_000_000:
            raise UnreadableMessage("generation must be a whole number from 1")
        return cls(value["taskId"], value["payload"], generation)
