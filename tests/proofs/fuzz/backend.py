"""The four real `handle` functions on moto, and everything that they leave behind."""

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import get_task.handler
import monitor_dlq.handler
import process_task.handler
import submit_task.handler
from taskguard.model.json_text import Json
from taskguard.work import Task, WorkContext
from tests.proofs.fuzz.log_lines import LogLines
from tests.proofs.fuzz.moto_memory import MotoMemory, true_item_sizes
from tests.support.aws_in_process import TABLE, System, running_system
from tests.support.events import Context
from tests.support.log_lines import documents

SERVICE = "taskguard-fuzz"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}
MODULES = (submit_task.handler, get_task.handler, process_task.handler, monitor_dlq.handler)


@dataclass
class Backend:
    """The system under test; `performed` are the tasks whose work was done since the last `clean`."""

    system: System
    log: LogLines = field(default_factory=LogLines)
    performed: list[Task] = field(default_factory=list)
    work: Callable[[Task], Json] = lambda _task: None
    memory: MotoMemory = field(default_factory=lambda: MotoMemory(TABLE))

    def perform(self, task: Task, _context: WorkContext) -> Json:
        """Stand in for `process_task.work.perform`."""
        self.performed.append(task)
        return self.work(task)

    def submit(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return submit_task's answer."""
        return self._quietly(submit_task.handler.handle, event)

    def get(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return get_task's answer."""
        return self._quietly(get_task.handler.handle, event)

    def process(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        """Return process_task's partial batch response."""
        return self._quietly(process_task.handler.handle, {"Records": records})

    def bury(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        """Return monitor_dlq's partial batch response."""
        return self._quietly(monitor_dlq.handler.handle, {"Records": records})

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

    def forget_table(self) -> None:
        """Take the table away, so that AWS refuses every call about it."""
        self.system.dynamodb.delete_table(TableName=TABLE)

    def clean(self) -> None:
        """Forget everything: records, messages, lines, performed work."""
        self.memory.clear_table()
        for queue in ("tasks", "dead-letters"):
            self.memory.clear_queue(queue)
        self.log.take()
        self.performed.clear()

    def _url(self, queue: str) -> str:
        return self.system.queue_url if queue == "tasks" else self.system.dead_letter_url

    def _quietly(self, handle: Callable[..., dict[str, Any]], event: dict[str, Any]) -> dict[str, Any]:
        with redirect_stdout(io.StringIO()) as printed:
            answer = handle(event, Context())
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
        true_item_sizes(),
        patch.dict(os.environ, system.environment),
    ):
        backend = Backend(system)
        with patch.object(process_task.handler, "perform", backend.perform):
            _build_anew()
            backend.log.replace_handlers_of(SERVICE)
            yield backend
        _forget()


def _build_anew() -> None:
    _forget()
    for module in MODULES:
        module.application()


def _forget() -> None:
    for module in MODULES:
        module.application.cache_clear()
