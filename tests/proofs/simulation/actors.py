"""Those outside of the system: a client of the API, and the operator with the command line tool."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from taskguard.model.errors import Unavailable
from taskguard.model.json_text import Json
from taskguard.model.record import TaskRecord
from taskguard.redrive import Redriver
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import TaskStore
from tests.proofs.simulation import requests, settings
from tests.proofs.simulation.aws.poller import FAILURES
from tests.proofs.simulation.clients import QueueClient, Seat, TableClient
from tests.proofs.simulation.functions import Functions
from tests.proofs.simulation.history import Answered, Crashed
from tests.proofs.simulation.process import Killed, Kind, Process

ACCEPTED: Final = (200, 202)
RETRY_AFTER_SECONDS: Final = 5


@dataclass
class Client:
    """Submits tasks over the API."""

    world: Any
    functions: Functions

    def __post_init__(self) -> None:
        self.process = self.world.start(Kind.CLIENT)

    def submit_batch(self, tasks: Mapping[str, Json], tries: int = 6) -> None:
        """Submit tasks in one request, again those that were not accepted."""
        left = dict(tasks)
        for _ in range(tries):
            if not left:
                return
            statuses = self._post(left, batch=True)
            left = {task: payload for task, payload in left.items() if statuses.get(task) not in ACCEPTED}
            self.world.clock.advance(RETRY_AFTER_SECONDS)
            self.world.run_visible()

    def submit(self, task: str, payload: Json = None, tries: int = 6) -> bool:
        """Submit a task, again after a 503 or no answer, with its id; tell whether it was accepted.

        Between its tries the rest of the system goes on.
        """
        for _ in range(tries):
            if self._post({task: payload}).get(task) in ACCEPTED:
                return True
            self.world.clock.advance(RETRY_AFTER_SECONDS)
            self.world.run_visible()
        return False

    def _post(self, tasks: Mapping[str, Json], *, batch: bool = False) -> Mapping[str, int]:
        """Return the status of each task as the client hears it; nothing if it hears nothing."""
        make, named = self.world.calls.make, " ".join(tasks)
        try:
            heard: Mapping[str, int] = make(
                self.process, "POST /tasks", named, lambda: self._answers(tasks, batch=batch)
            )
        except FAILURES:
            return {}
        return heard

    def _answers(self, tasks: Mapping[str, Json], *, batch: bool) -> Mapping[str, int]:
        process = self.world.start(Kind.SUBMIT, settings.TIMEOUT_SECONDS)
        statuses = self._invoke(process, tasks, batch=batch)
        for task, payload in tasks.items():
            self.world.journal.add(Answered(task, statuses[task], payload))
        return statuses

    def _invoke(self, process: Process, tasks: Mapping[str, Json], *, batch: bool) -> Mapping[str, int]:
        try:
            answer = self.functions.invoke(
                process, self.world, requests.submit(tasks, process.id, batch=batch)
            )
            return requests.statuses(answer, tasks, batch=batch)
        except Killed:
            pass  # API Gateway answers 500 then
        except Exception as error:  # the same, but no fault of ours made it
            self.world.journal.add(Crashed(process.kind, repr(error)))
        return dict.fromkeys(tasks, 500)


@dataclass
class Operator:
    """Sends dead letters again, with the code of ``python -m ops redrive``."""

    world: Any

    def redrive(self, task: str, tries: int = 1) -> bool:
        """Redrive a task, again after an error; tell whether the tool reported success."""
        return any(self._redrive(task) for _ in range(tries))

    def repair(self, task: str) -> bool:
        """Send the message of a task again if it waits for its first attempt."""
        return self._send(task, Redriver.repair)

    def _redrive(self, task: str) -> bool:
        return self._send(task, Redriver.redrive)

    def _send(self, task: str, send: Callable[[Redriver, TaskRecord], bool]) -> bool:
        seat = Seat(self.world.start(Kind.OPERATOR), self.world)
        table: Any = TableClient(seat)
        queues: Any = QueueClient(seat)
        store = TaskStore(table, settings.TABLE)
        redriver = Redriver(store, TaskQueue(queues, settings.TASK_QUEUE), self.world.clock)
        try:
            record = store.get(task)
            return record is not None and send(redriver, record)
        except (Unavailable, Killed):
            return False
