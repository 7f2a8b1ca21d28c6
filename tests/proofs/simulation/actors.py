"""Those outside of the system: a client of the API, and the operator with the command line tool."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from taskguard.model.errors import Unavailable
from taskguard.model.json_text import Json
from taskguard.model.record import TaskRecord
from taskguard.redrive import Redriver
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import TaskStore
from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.poller import FAILURES
from tests.proofs.simulation.environment import DynamoDbClient, ExecutionEnvironment, SqsClient
from tests.proofs.simulation.functions import Functions
from tests.proofs.simulation.history import HandlerCrashed, SubmitAnswered
from tests.proofs.simulation.process import Killed, Kind, Process
from tests.support.events import http_event

if TYPE_CHECKING:
    from tests.proofs.simulation.simulator import Simulator

ACCEPTED: Final = (200, 202)
"""Statuses that promise a client that its task will be processed."""

RETRY_AFTER_SECONDS: Final = 5


@dataclass
class Client:
    """Submits tasks over the API, and repeats what was not accepted, with the same ids.

    Between two tries the rest of the system goes on.
    """

    sim: "Simulator"
    functions: Functions

    def __post_init__(self) -> None:
        self.process = self.sim.start(Kind.CLIENT)

    def submit(self, task: str, payload: Json = None, tries: int = 6) -> bool:
        """Submit a task; return whether it was accepted."""
        return not self._submit({task: payload}, tries, batch=False)

    def submit_batch(self, tasks: Mapping[str, Json], tries: int = 6) -> bool:
        """Submit tasks in one request; return whether all were accepted."""
        return not self._submit(tasks, tries, batch=True)

    def _submit(self, tasks: Mapping[str, Json], tries: int, *, batch: bool) -> Mapping[str, Json]:
        """Return the tasks that were not accepted."""
        rest = dict(tasks)
        for _ in range(tries):
            statuses = self._post(rest, batch=batch)
            rest = {task: payload for task, payload in rest.items() if statuses.get(task) not in ACCEPTED}
            if not rest:
                break
            self.sim.clock.advance(RETRY_AFTER_SECONDS)
            self.sim.run_visible()
        return rest

    def _post(self, tasks: Mapping[str, Json], *, batch: bool) -> Mapping[str, int]:
        """Return the status of each task as the client hears it; nothing if it hears nothing."""
        try:
            return self.sim.injector.step(
                self.process, "POST /tasks", " ".join(tasks), lambda: self._answers(tasks, batch=batch)
            )
        except FAILURES:
            return {}

    def _answers(self, tasks: Mapping[str, Json], *, batch: bool) -> Mapping[str, int]:
        process = self.sim.start(Kind.SUBMIT, settings.TIMEOUT_SECONDS)
        statuses = self._invoke(process, tasks, batch=batch)
        # Whether or not the answer reaches the client: a 202 that is lost is a promise as well.
        for task, payload in tasks.items():
            self.sim.history.add(SubmitAnswered(task, statuses[task], payload))
        return statuses

    def _invoke(self, process: Process, tasks: Mapping[str, Json], *, batch: bool) -> Mapping[str, int]:
        try:
            answer = self.functions.invoke(process, self.sim, _request(tasks, batch=batch))
            return _statuses(answer, tasks, batch=batch)
        except Killed:
            pass  # API Gateway answers 500 then
        except Exception as error:  # it does here too, but no fault of the schedule was the cause
            self.sim.history.add(HandlerCrashed(process.kind, repr(error)))
        return dict.fromkeys(tasks, 500)


@dataclass
class Operator:
    """Sends dead letters again, with the code of `python -m ops redrive`."""

    sim: "Simulator"

    def redrive(self, task: str, tries: int = 1) -> bool:
        """Redrive a task, again after an error; return whether the tool reported success."""
        return any(self._send(task, Redriver.redrive) for _ in range(tries))

    def repair(self, task: str) -> bool:
        """Send the message of a task again if the task waits for its first attempt."""
        return self._send(task, Redriver.repair)

    def _send(self, task: str, send: Callable[[Redriver, TaskRecord], bool]) -> bool:
        environment = ExecutionEnvironment(self.sim.start(Kind.OPERATOR), self.sim)
        table: Any = DynamoDbClient(environment)
        queues: Any = SqsClient(environment)
        store = TaskStore(table, settings.TABLE)
        redriver = Redriver(store, TaskQueue(queues, settings.TASK_QUEUE), self.sim.clock)
        try:
            record = store.get(task)
            return record is not None and send(redriver, record)
        except (Unavailable, Killed):
            return False


def _request(tasks: Mapping[str, Json], *, batch: bool) -> dict[str, Any]:
    items = [{"taskId": task, "payload": payload} for task, payload in tasks.items()]
    if batch:
        return http_event("POST", "/tasks/batch", {"tasks": items})
    return http_event("POST", "/tasks", items[0])


def _statuses(answer: Mapping[str, Any], tasks: Mapping[str, Json], *, batch: bool) -> dict[str, int]:
    if not batch:
        return dict.fromkeys(tasks, int(answer["statusCode"]))
    results = json.loads(answer["body"])["results"]
    return {task: int(result["status"]) for task, result in zip(tasks, results, strict=True)}
