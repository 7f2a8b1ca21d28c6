"""The product's own functions, built by their own `build` with the simulation's clients, clock and work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias
from unittest.mock import patch

import monitor_dlq.handler
import process_task.handler
import submit_task.handler
from taskguard.model.clock import Clock
from taskguard.model.json_text import Json
from taskguard.storage import aws
from taskguard.work import Task, WorkContext
from tests.proofs.simulation import settings
from tests.proofs.simulation.environment import CheckedLines, DynamoDbClient, ExecutionEnvironment, SqsClient
from tests.proofs.simulation.process import Kind, Process

if TYPE_CHECKING:
    from tests.proofs.simulation.simulator import Simulator

Handler: TypeAlias = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Context:
    """Lambda's context object."""

    process: Process
    aws_request_id: str
    function_name: str
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:test"

    def get_remaining_time_in_millis(self) -> int:
        """Return the simulated milliseconds until Lambda kills the invocation."""
        deadline = self.process.deadline or self.process.clock()
        return round((deadline - self.process.clock()).total_seconds() * 1000)


@dataclass
class Functions:
    """Warm execution environments, shared by all runs: to build one takes longer than to process a task."""

    _idle: dict[Kind, list[tuple[ExecutionEnvironment, Handler]]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def invoke(self, process: Process, sim: "Simulator", event: dict[str, Any]) -> dict[str, Any]:
        """Invoke a function as the given process; raise `Killed` if the process is killed on the way."""
        with self._environment(process, sim) as handler:
            context = Context(process, f"request-{process.id}", process.kind)
            answer: dict[str, Any] = handler(event, context)
        process.check()  # whatever the product made of `Killed`: a dead process does not answer
        return answer

    @contextmanager
    def _environment(self, process: Process, sim: "Simulator") -> Iterator[Handler]:
        idle = self._idle.setdefault(process.kind, [])
        environment, handler = idle.pop() if idle else self._build(process, sim)
        environment.process, environment.sim = process, sim
        try:
            yield handler
        finally:
            idle.append((environment, handler))

    def _build(self, process: Process, sim: "Simulator") -> tuple[ExecutionEnvironment, Handler]:
        environment = ExecutionEnvironment(process, sim)
        service = f"faults-{process.kind}-{next(self._numbers)}"

        def clock() -> datetime:
            return environment.process.clock()

        def perform(task: Task, _context: WorkContext) -> Json:
            return environment.sim.perform(environment.process, task)

        with (
            patch.object(aws, "dynamodb", lambda: DynamoDbClient(environment)),
            patch.object(aws, "sqs", lambda: SqsClient(environment)),
            patch.object(process_task.handler, "perform", perform),
        ):
            handler = _BUILD[process.kind](service, clock)
        CheckedLines(environment).take_over(service)
        return environment, handler


def _submit(service: str, clock: Clock) -> Handler:
    return replace(submit_task.handler.build(settings.submit(service), clock), workers=1).handle


def _process(service: str, clock: Clock) -> Handler:
    return replace(process_task.handler.build(settings.process(service), clock), workers=1).consume


def _monitor(service: str, clock: Clock) -> Handler:
    return replace(monitor_dlq.handler.build(settings.monitor(service), clock), workers=1).consume


# One worker each: the steps of one process follow each other, so that a run can be repeated.
_BUILD: dict[Kind, Callable[[str, Clock], Handler]] = {
    Kind.SUBMIT: _submit,
    Kind.PROCESS: _process,
    Kind.MONITOR: _monitor,
}
