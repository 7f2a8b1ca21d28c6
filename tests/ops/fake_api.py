"""An API that answers from moto's table, through httpx's mock transport."""

import json
from collections.abc import Callable
from threading import Lock
from typing import Any

import httpx

from tests.ops.moto_stack import MotoStack
from tests.ops.sample_records import dead_letter, record


def settle_as_simulated(task_id: str) -> dict[str, Any]:
    """Ids ending in 3 are dead letters, those in 5 need two attempts, the others one."""
    if task_id.endswith("3"):
        return dead_letter(task_id)
    outcomes = ("FAILED", "COMPLETED") if task_id.endswith("5") else ("COMPLETED",)
    return record(task_id, "COMPLETED", *outcomes)


class FakeApi(httpx.MockTransport):
    """Accepts each task and writes at once the record in which it ends.

    Parameters
    ----------
    settle
        Makes the record; None leaves the table without one.
    answers
        Statuses to answer first, by task id, before the task is accepted.
    """

    def __init__(
        self,
        stack: MotoStack,
        settle: Callable[[str], dict[str, Any] | None] = settle_as_simulated,
        answers: dict[str, list[int]] | None = None,
    ) -> None:
        super().__init__(self._answer)
        self._stack = stack
        self._settle = settle
        self._answers = answers or {}
        self._lock = Lock()
        self.submitted: list[str] = []
        self.requests: list[httpx.Request] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests.append(request)
            return self._get(request) if request.method == "GET" else self._post(request)

    def _get(self, request: httpx.Request) -> httpx.Response:
        task_id = request.url.path.rsplit("/", 1)[-1]
        return httpx.Response(200 if task_id in self.submitted else 404, json={"title": "Not Found"})

    def _post(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        task_id = body["taskId"]
        self.submitted.append(task_id)
        if waiting := self._answers.get(task_id):
            status = waiting.pop(0)
            return httpx.Response(status, headers={"retry-after": "0"}, json={"title": "Not now"})
        if ended := self._settle(task_id):
            self._stack.put(ended)
        return httpx.Response(202, json={"taskId": task_id, "status": "QUEUED"})
