"""Tasks that were answered 202, and the check that they are done exactly once and shown exactly."""

import json
from dataclasses import dataclass, field
from typing import Any

from taskguard.model import json_text
from taskguard.work import Task
from tests.proofs.fuzz.backend import Backend
from tests.proofs.fuzz.campaign import Tally
from tests.proofs.fuzz.oracle import assert_calm, exact, judged
from tests.support.events import http_event

AT_A_TIME = 10
"""Messages that process_task gets in one batch."""

MAX_ECHO_BYTES = 60_000


def echo(task: Task) -> Any:
    """Return the payload as the work's result, so that results are as odd as payloads."""
    return task.payload if json_text.size(task.payload) <= MAX_ECHO_BYTES else None


@dataclass
class Promises:
    """Accepted tasks, done and compared ten at a time."""

    backend: Backend
    payloads: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def nothing_new(self) -> None:
        """Fail if anything was written beyond the tasks promised."""
        assert self.backend.records().keys() == self.payloads.keys()
        assert self.backend.queued() == []

    def add(self, payloads: dict[str, Any]) -> None:
        """Take the tasks just accepted: each must have a record and a message, with its exact payload."""
        messages = {json.loads(message["body"])["taskId"]: message for message in self.backend.take_queued()}
        sent = {task_id: json.loads(message["body"]) for task_id, message in messages.items()}
        assert sent.keys() == payloads.keys()
        assert self.backend.records().keys() == self.payloads.keys() | payloads.keys()
        for task_id, payload in payloads.items():
            assert exact(sent[task_id]) == exact({"taskId": task_id, "payload": payload, "generation": 1})
        self.payloads |= payloads
        self.messages += messages.values()
        if len(self.messages) >= AT_A_TIME:
            self.redeem()

    def redeem(self) -> None:
        """Let process_task do all tasks, and compare what it was given and what the API then shows."""
        self.backend.work = echo
        for start in range(0, len(self.messages), AT_A_TIME):
            batch = self.messages[start : start + AT_A_TIME]
            assert self.backend.process(batch) == {"batchItemFailures": []}
        performed = {task.task_id: exact(task.payload) for task in self.backend.performed}
        assert performed == {task_id: exact(payload) for task_id, payload in self.payloads.items()}
        for task in self.backend.performed:
            self._shown(task)
        assert_calm(self.backend)
        self.forget()

    def forget(self) -> None:
        """Start anew."""
        self.payloads.clear()
        self.messages.clear()
        self.backend.clean()

    def _shown(self, task: Task) -> None:
        event = http_event("GET", f"/tasks/{task.task_id}")
        status, body = judged("GET /tasks/{taskId}", self.backend.get(event), Tally(), "read back")
        assert (status, body["status"]) == (200, "COMPLETED")
        assert exact(body["payload"]) == exact(task.payload)
        assert exact(body["result"]) == exact(echo(task))
