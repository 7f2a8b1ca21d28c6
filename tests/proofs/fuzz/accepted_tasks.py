"""Tasks that were answered 202, and the check that they are done exactly once and shown exactly."""

import json
from dataclasses import dataclass, field
from typing import Any

from taskguard.model import json_text
from tests.proofs.fuzz.backend import Backend, Performed
from tests.proofs.fuzz.campaign import Tally
from tests.proofs.fuzz.oracle import assert_no_error_logged, checked, exact_text
from tests.support.events import http_event

AT_A_TIME = 10
"""Tasks that are processed in one batch; a batch for each would take most of the time."""

MAX_ECHO_BYTES = 60_000
"""Largest payload that becomes the result as well; a larger result could exceed the product's limit."""


def echo(task: Performed) -> Any:
    """Do the work: return the payload, so that results are as varied as payloads."""
    return task.payload if json_text.size(task.payload) <= MAX_ECHO_BYTES else None


@dataclass
class AcceptedTasks:
    """Tasks that were accepted and not yet processed.

    Attributes
    ----------
    payloads
        By task id, as they were submitted.
    messages
        As they were found in the task queue.
    """

    backend: Backend
    payloads: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def assert_nothing_new(self) -> None:
        """Fail if anything was written beyond the accepted tasks."""
        assert self.backend.records().keys() == self.payloads.keys()
        assert self.backend.queued() == []

    def add(self, payloads: dict[str, Any]) -> None:
        """Add tasks that were just accepted; each must have a record and a message with its exact payload."""
        messages = {json.loads(message["body"])["taskId"]: message for message in self.backend.take_queued()}
        sent = {task_id: json.loads(message["body"]) for task_id, message in messages.items()}
        assert sent.keys() == payloads.keys()
        assert self.backend.records().keys() == self.payloads.keys() | payloads.keys()
        for task_id, payload in payloads.items():
            assert type(sent[task_id].pop("sentAt")) is int
            assert sent[task_id].pop("kind") == "probe"
            assert exact_text(sent[task_id]) == exact_text(
                {"taskId": task_id, "payload": payload, "generation": 1}
            )
        self.payloads |= payloads
        self.messages += messages.values()
        if len(self.messages) >= AT_A_TIME:
            self.check_all()

    def check_all(self) -> None:
        """Process all tasks; what the work was given, and what the API shows, must be what was sent."""
        self.backend.work = echo
        for start in range(0, len(self.messages), AT_A_TIME):
            batch = self.messages[start : start + AT_A_TIME]
            assert self.backend.process(batch) == {"batchItemFailures": []}
        performed = {task.task_id: exact_text(task.payload) for task in self.backend.performed}
        assert performed == {task_id: exact_text(payload) for task_id, payload in self.payloads.items()}
        for task in self.backend.performed:
            self._assert_shown(task)
        assert_no_error_logged(self.backend)
        self.clear()

    def clear(self) -> None:
        """Start again with an empty backend."""
        self.payloads.clear()
        self.messages.clear()
        self.backend.clean()

    def _assert_shown(self, task: Performed) -> None:
        event = http_event("GET", f"/tasks/{task.task_id}")
        status, body = checked("GET /tasks/{taskId}", self.backend.get(event), Tally(), "read back")
        assert (status, body["status"]) == (200, "COMPLETED")
        assert exact_text(body["payload"]) == exact_text(task.payload)
        assert exact_text(body["result"]) == exact_text(echo(task))
