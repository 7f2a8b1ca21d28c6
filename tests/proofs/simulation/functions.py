"""The product's own functions, built by their own `build` with the simulation's clients, clock and work."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias
from unittest.mock import patch

import monitor_dlq.handler
import process_task.handler
import submit_task.handler
import wake_tasks.handler
from taskguard.edge.sqs import REPORTING_TIME, Consumer
from taskguard.kinds import Kinds
from taskguard.model.clock import Clock
from taskguard.model.errors import KindUnavailable
from taskguard.model.json_text import Json
from taskguard.perform import Performer, Work
from taskguard.storage import aws
from taskguard.work import Context as Attempt
from tests.proofs.simulation import settings
from tests.proofs.simulation.environment import CheckedLines, DynamoDbClient, ExecutionEnvironment, SqsClient
from tests.proofs.simulation.history import ProcessDied
from tests.proofs.simulation.injector import LOST_SECONDS, SHORTLY_LOST_SECONDS
from tests.proofs.simulation.process import Kind, Process
from tests.proofs.simulation.program import BROKEN, Program

if TYPE_CHECKING:
    from tests.proofs.simulation.simulator import Simulator

Handler: TypeAlias = Callable[[Any, Any], Any]
_Deployed: TypeAlias = tuple[Kind, str, Program]


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

    _idle: dict[tuple[Kind, str, Program], list[tuple[ExecutionEnvironment, Handler]]] = field(
        default_factory=dict
    )
    _numbers: Iterator[int] = field(default_factory=count)

    def invoke(self, process: Process, sim: "Simulator", event: dict[str, Any]) -> dict[str, Any]:
        """Invoke a function as the given process; raise `Killed` if the process is killed on the way."""
        with self._environment(process, sim) as handler:
            context = Context(process, f"request-{process.id}", process.kind)
            try:
                answer: dict[str, Any] = handler(event, context)
            finally:
                _stop_what_hangs(process, sim)
        process.check()  # whatever the product made of `Killed`: a dead process does not answer
        return answer

    @contextmanager
    def _environment(self, process: Process, sim: "Simulator") -> Iterator[Handler]:
        idle = self._idle.setdefault((process.kind, process.lane, process.program), [])
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

        with (
            patch.object(aws, "dynamodb", lambda config=None: DynamoDbClient(environment, _patience(config))),
            patch.object(aws, "sqs", lambda config=None: SqsClient(environment, _patience(config))),
            _deployed(process.program, environment),
        ):
            handler = _handler(_build(process, service, clock), environment)
        CheckedLines(environment).take_over(service)
        return environment, handler


def _stop_what_hangs(process: Process, sim: "Simulator") -> None:
    if process.hanging and process.alive:  # the function waits for it until Lambda stops the invocation
        process.wait_until(timedelta())
        process.alive = False
        sim.history.add(ProcessDied(process.id))
    process.end_threads()


def _patience(config: object) -> float:
    return SHORTLY_LOST_SECONDS if config is aws.SHORT_CONFIG else LOST_SECONDS


def _handler(application: Any, environment: ExecutionEnvironment) -> Handler:
    if not isinstance(application, Consumer):
        handle: Handler = application.handle
        return handle

    def wait(handled: Sequence[Future[Any]], _most: timedelta) -> None:
        # The pool comes back when each is done or hangs, so that only those that hang have to be waited for.
        if not all(future.done() for future in handled):
            environment.process.wait_until(REPORTING_TIME)

    def end() -> NoReturn:
        environment.sim.history.add(ProcessDied(environment.process.id))
        environment.process.kill()

    return replace(application, wait=wait, end=end).consume


def _build(process: Process, service: str, clock: Clock) -> Any:
    program = process.program
    match process.kind:
        case Kind.SUBMIT:
            return submit_task.handler.build(settings.submit(service, program), clock)
        case Kind.PROCESS:
            return process_task.handler.build(settings.process(service, program, process.lane), clock)
        case Kind.MONITOR:
            return monitor_dlq.handler.build(settings.monitor(service), clock)
        case Kind.WAKER:
            return wake_tasks.handler.build(settings.waker(service, program), clock)
    raise ValueError(f"{process.kind} is no function")


@contextmanager
def _deployed(program: Program, environment: ExecutionEnvironment) -> Iterator[None]:
    """Give functions that are built meanwhile a program's kinds, and work that does as the scenario says."""

    def perform(_payload: Json, attempt: Attempt) -> Json:
        return environment.sim.perform(environment.process, attempt)

    class ScriptedPerformer(Performer):
        def perform(self, payload: Json, context: Attempt) -> Json:
            try:
                return super().perform(payload, context)
            except KindUnavailable:
                environment.sim.work.unavailable.add(context.task_id)
                raise

        def work(self, name: str) -> Work:
            if name == BROKEN:
                raise ImportError(f"{name} cannot be imported")
            return perform

    def kinds() -> Kinds:
        return program.kinds

    with ExitStack() as stack:
        for handler in (submit_task.handler, process_task.handler, wake_tasks.handler):
            stack.enter_context(patch.object(handler, "program_kinds", kinds))
        stack.enter_context(patch.object(process_task.handler, "Performer", ScriptedPerformer))
        yield
