"""The four real handlers on moto, and everything that they leave behind: records, messages, log lines."""

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import LimitedSizeDict
from moto.sqs.models import sqs_backends

import get_task.handler
import monitor_dlq.handler
import process_task.handler
import submit_task.handler
from taskguard.model.json_text import Json
from taskguard.perform import Performer
from taskguard.work import Context as Attempt
from tests.proofs.fuzz.kinds import KINDS
from tests.proofs.kit.log_lines import LineList
from tests.support.aws_in_process import TABLE, System, running_system
from tests.support.events import Context, sqs_record
from tests.support.log_lines import documents

SERVICE = "taskguard-fuzz"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}
MODULES = (submit_task.handler, get_task.handler, process_task.handler, monitor_dlq.handler)


REGION = "us-east-1"


@dataclass(frozen=True)
class MotoMemory:
    """A table and queues in moto's own memory.

    They are looked at after every input, for which AWS calls would take minutes.
    """

    table: str

    def records(self) -> dict[str, dict[str, Any]]:
        """Return the table's items, as attribute values, by task id."""
        return {item.hash_key.value: item.to_json()["Attributes"] for item in self._table().all_items()}

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """Return a queue's messages, visible or not, as Lambda would hand over their first delivery."""
        return [_first_delivery(message) for message in self._queue(queue)._messages]

    def clear_table(self) -> None:
        """Remove every record."""
        self._table().items.clear()

    def clear_queue(self, name: str) -> None:
        """Remove every message of a queue."""
        self._queue(name)._messages.clear()

    def _table(self) -> Any:
        return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[self.table]

    def _queue(self, name: str) -> Any:
        return sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues[name]


def _first_delivery(message: Any) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": str(int(message.sent_timestamp))}
    return sqs_record(message.body, messageId=message.id, receiptHandle="unused", attributes=attributes)


@dataclass(frozen=True)
class Performed:
    """One call of the work: what it was given."""

    task_id: str
    payload: Json
    attempt: Attempt


@dataclass
class Backend:
    """The system under test.

    Attributes
    ----------
    performed
        Tasks whose work was done since the last `clean`.
    work
        What the work returns or raises.
    """

    system: System
    log: LineList = field(default_factory=LineList)
    performed: list[Performed] = field(default_factory=list)
    work: Callable[[Performed], Json] = lambda _done: None
    memory: MotoMemory = field(default_factory=lambda: MotoMemory(TABLE))

    def perform(self, payload: Json, attempt: Attempt) -> Json:
        """Stand in for the work of every kind."""
        performed = Performed(attempt.task_id, payload, attempt)
        self.performed.append(performed)
        return self.work(performed)

    def submit(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return submit_task's answer."""
        return self._without_output(submit_task.handler.handle, event)

    def get(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return get_task's answer."""
        return self._without_output(get_task.handler.handle, event)

    def process(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        """Return process_task's partial batch response."""
        return self._without_output(process_task.handler.handle, {"Records": records})

    def bury(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        """Return monitor_dlq's partial batch response."""
        return self._without_output(monitor_dlq.handler.handle, {"Records": records})

    def records(self) -> dict[str, dict[str, Any]]:
        """Return the table's items by task id."""
        return self.memory.records()

    def queued(self) -> list[dict[str, Any]]:
        """Return the task queue's messages, as Lambda would hand them over."""
        return self.memory.messages("tasks")

    def take_queued(self) -> list[dict[str, Any]]:
        """Return the task queue's messages, and remove them."""
        messages = self.queued()
        self.memory.clear_queue("tasks")
        return messages

    def received(self, queue: str, bodies: list[str]) -> list[dict[str, Any]]:
        """Put bodies on a queue and receive them."""
        for body in bodies:
            self.system.sqs.send_message(QueueUrl=self._url(queue), MessageBody=body)
        return self.receive(queue)

    def receive(self, queue: str) -> list[dict[str, Any]]:
        """Receive what is visible on a queue, at most ten messages."""
        return self.system.receive(self._url(queue))

    def delete_table(self) -> None:
        """Delete the table, so that AWS refuses every call about it."""
        self.system.dynamodb.delete_table(TableName=TABLE)

    def clean(self) -> None:
        """Remove everything: records, messages, lines, performed work."""
        self.memory.clear_table()
        for queue in ("tasks", "dead-letters"):
            self.memory.clear_queue(queue)
        self.log.take()
        self.performed.clear()

    def _url(self, queue: str) -> str:
        return self.system.queue_url if queue == "tasks" else self.system.dead_letter_url

    def _without_output(self, handle: Callable[..., Any], event: dict[str, Any]) -> dict[str, Any]:
        with redirect_stdout(io.StringIO()) as printed:
            answer: dict[str, Any] = handle(event, Context())
        for metrics in documents(printed.getvalue()):
            assert "_aws" in metrics
        json.dumps(answer)
        return answer


@contextmanager
def running_backend() -> Iterator[Backend]:
    """Yield a backend; the functions are built once, as in one warm execution environment."""
    with (
        patch.dict(os.environ, CREDENTIALS),
        running_system(POWERTOOLS_SERVICE_NAME=SERVICE) as system,
        correct_item_sizes(),
        patch.dict(os.environ, system.environment),
    ):
        backend = Backend(system)
        with deployed(backend):
            _build()
            backend.log.take_over(SERVICE)
            yield backend
        _clear_caches()


@contextmanager
def deployed(backend: Backend) -> Iterator[None]:
    """Let the functions have `KINDS`, and the backend's work for each of them."""
    with ExitStack() as stack:
        for module in (submit_task.handler, process_task.handler):
            stack.enter_context(patch.object(module, "program_kinds", lambda: KINDS))
        stack.enter_context(patch.object(Performer, "work", lambda _performer, _name: backend.perform))
        yield


def _build() -> None:
    _clear_caches()
    for module in MODULES:
        module.application()


def _clear_caches() -> None:
    for module in MODULES:
        module.application.cache_clear()


def correct_item_sizes() -> AbstractContextManager[Any]:
    """Let moto measure the item that an update results in, as DynamoDB does.

    moto counts the old value of a replaced attribute as well, and so refuses large payloads.
    """
    checked = LimitedSizeDict.__setitem__

    def replace(self: LimitedSizeDict, key: str, value: Any) -> None:
        self.pop(key, None)
        checked(self, key, value)

    return patch.object(LimitedSizeDict, "__setitem__", replace)
