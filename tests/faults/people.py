"""Those outside of the system: the API's client and the operator."""

import json
from dataclasses import dataclass
from typing import Any, Final

from taskguard.errors import Unavailable
from taskguard.json_text import Json
from taskguard.redriving import Redriver
from taskguard.store import TaskStore
from taskguard.task_queue import TaskQueue
from tests.faults import settings
from tests.faults.clients import QueueClient, Seat, TableClient
from tests.faults.functions import Functions
from tests.faults.journal import Answered, Crashed
from tests.faults.poller import FAILURES
from tests.faults.process import Killed, Kind

ACCEPTED: Final = (200, 202)
RETRY_AFTER_SECONDS: Final = 5


@dataclass
class Client:
    """Submits tasks over the API."""

    world: Any
    functions: Functions

    def __post_init__(self) -> None:
        self.process = self.world.start(Kind.CLIENT)

    def submit(self, task: str, payload: Json = None, tries: int = 6) -> bool:
        """Submit a task, again after a 503 or no answer, with its id; tell whether it was accepted.

        Between its tries the rest of the system goes on.
        """
        for _ in range(tries):
            if self._post(task, payload) in ACCEPTED:
                return True
            self.world.clock.advance(RETRY_AFTER_SECONDS)
            self.world.run_visible()
        return False

    def _post(self, task: str, payload: Json) -> int | None:
        make = self.world.calls.make
        try:
            status: int = make(self.process, "POST /tasks", task, lambda: self._answer(task, payload))
        except FAILURES:
            return None
        return status

    def _answer(self, task: str, payload: Json) -> int:
        process = self.world.start(Kind.SUBMIT, settings.TIMEOUT_SECONDS)
        body = json.dumps({"taskId": task, "payload": payload})
        try:
            answer = self.functions.invoke(process, self.world, _request(body, process.id))
            status = int(answer["statusCode"])
        except Killed:
            status = 500  # what API Gateway answers then
        except Exception as error:  # the same, but no fault of ours made it
            self.world.journal.add(Crashed(process.kind, repr(error)))
            status = 500
        self.world.journal.add(Answered(task, status, payload))
        return status


@dataclass
class Operator:
    """Sends dead letters again, with the code of ``python -m ops redrive``."""

    world: Any

    def redrive(self, task: str, tries: int = 1) -> bool:
        """Redrive a task, again after an error; tell whether the tool reported success."""
        return any(self._redrive(task) for _ in range(tries))

    def _redrive(self, task: str) -> bool:
        seat = Seat(self.world.start(Kind.OPERATOR), self.world)
        table: Any = TableClient(seat)
        queues: Any = QueueClient(seat)
        store = TaskStore(table, settings.TABLE)
        redriver = Redriver(store, TaskQueue(queues, settings.TASK_QUEUE), self.world.clock)
        try:
            record = store.get(task)
            return record is not None and redriver.redrive(record)
        except (Unavailable, Killed):
            return False


def _request(body: str, number: int) -> dict[str, Any]:
    """Return a request of the HTTP API in payload format 2.0."""
    return {
        "version": "2.0",
        "routeKey": "POST /tasks",
        "rawPath": "/tasks",
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "http": {"method": "POST", "path": "/tasks"},
            "requestId": f"api-{number}",
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": False,
    }
