"""Those outside of the system: a client of the API, and the operator with the command line tool."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from taskguard.edge.telemetry import Telemetry
from taskguard.model.errors import AwsError
from taskguard.model.json_text import Json
from taskguard.model.record import TaskRecord
from taskguard.redrive import Redriver
from taskguard.storage.indexes import SEGMENTS, TableScan, TaskIndexes
from taskguard.storage.queue import LaneQueues, TaskQueue, message_life
from taskguard.storage.store import TaskStore
from taskguard.wake import Waker
from tests.proofs.kit.log_lines import LineSink
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

    Attributes
    ----------
    kinds
        The kinds that tasks are submitted as; one without a kind here names none.
    """

    sim: "Simulator"
    functions: Functions
    kinds: dict[str, str] = field(default_factory=dict)

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
            answer = self.functions.invoke(process, self.sim, self._request(tasks, batch=batch))
            return _statuses(answer, tasks, batch=batch)
        except Killed:
            pass  # API Gateway answers 500 then
        except Exception as error:  # it does here too, but no fault of the schedule was the cause
            self.sim.history.add(HandlerCrashed(process.kind, repr(error)))
        return dict.fromkeys(tasks, 500)

    def _request(self, tasks: Mapping[str, Json], *, batch: bool) -> dict[str, Any]:
        items = [
            {"taskId": task, "payload": payload} | ({"kind": self.kinds[task]} if task in self.kinds else {})
            for task, payload in tasks.items()
        ]
        if batch:
            return http_event("POST", "/tasks/batch", {"tasks": items})
        return http_event("POST", "/tasks", items[0])


@dataclass
class Operator:
    """Handles dead letters and stranded tasks, with the code of `python -m ops`."""

    sim: "Simulator"

    def redrive(self, task: str, tries: int = 1) -> bool:
        """Redrive a task, again after an error; return whether the tool reported success."""
        return any(self._with_record(task, Redriver.redrive) for _ in range(tries))

    def discard(self, task: str) -> bool:
        """End a dead letter on purpose; return whether the tool reported success."""
        return self._with_record(task, lambda redriver, record: redriver.discard(record, "not needed"))

    def repair(self, task: str, *, assume_empty: bool = False) -> bool:
        """Send the message of a task again if it must be gone; `assume_empty`: after a purge."""

        def act(store: TaskStore, tasks: LaneQueues, environment: ExecutionEnvironment) -> bool:
            return self._waker(store, tasks, environment).rescue(task, assume_lost=assume_empty)

        return self._act(act)

    def repair_all(self, *, assume_empty: bool = False) -> bool:
        """Do the same for every task that a scan of the table finds."""

        def act(store: TaskStore, tasks: LaneQueues, environment: ExecutionEnvironment) -> bool:
            waker = self._waker(store, tasks, environment)
            before = None if assume_empty else self.sim.clock() - waker.message_life
            found = [waker.scanned.page(segment, None, before).task_ids for segment in range(SEGMENTS)]
            rescued = [waker.rescue(each, assume_lost=assume_empty) for ids in found for each in ids]
            return all(rescued)

        return self._act(act)

    def _with_record(self, task: str, send: Callable[[Redriver, TaskRecord], bool]) -> bool:
        def act(store: TaskStore, tasks: LaneQueues, _environment: ExecutionEnvironment) -> bool:
            record = store.get(task)
            return record is not None and send(Redriver(store, tasks, self.sim.clock), record)

        return self._act(act)

    def _act(self, act: Callable[[TaskStore, LaneQueues, ExecutionEnvironment], bool]) -> bool:
        environment = ExecutionEnvironment(self.sim.start(Kind.OPERATOR), self.sim)
        table: Any = DynamoDbClient(environment)
        queues: Any = SqsClient(environment)
        store = TaskStore(table, settings.TABLE, settings.RECORD_TTL_DAYS)
        try:
            return act(store, self._queues(queues), environment)
        except (AwsError, Killed):
            return False

    def _queues(self, sqs: Any) -> LaneQueues:
        return LaneQueues(sqs, self.sim.program.task_queues, self.sim.program.kinds)

    def _waker(self, store: TaskStore, tasks: LaneQueues, environment: ExecutionEnvironment) -> Waker:
        table: Any = DynamoDbClient(environment)
        return Waker(
            store=store,
            indexes=TaskIndexes(table, settings.TABLE),
            scanned=TableScan(table, settings.TABLE),
            tasks=tasks,
            dead_letters=TaskQueue(tasks.client, settings.DEAD_LETTERS),
            clock=self.sim.clock,
            telemetry=_silence(),
            message_life=message_life(settings.RETENTION_DAYS),
        )


@cache
def _silence() -> Telemetry:
    telemetry = Telemetry("faults-operator", settings.NAMESPACE)
    LineSink().take_over("faults-operator")
    return telemetry


def _statuses(answer: Mapping[str, Any], tasks: Mapping[str, Json], *, batch: bool) -> dict[str, int]:
    if not batch:
        return dict.fromkeys(tasks, int(answer["statusCode"]))
    results = json.loads(answer["body"])["results"]
    return {task: int(result["status"]) for task, result in zip(tasks, results, strict=True)}
