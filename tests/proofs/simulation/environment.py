"""Where the product's code runs in a simulation: AWS clients whose calls are steps, and log lines."""

from collections.abc import Callable
from dataclasses import dataclass
from logging import LogRecord
from typing import TYPE_CHECKING, Any, Final, TypeVar

from taskguard.edge.telemetry import Event
from tests.proofs.kit.log_lines import LineCapture
from tests.proofs.simulation.aws.queues import SimulatedSqs
from tests.proofs.simulation.history import HandlerCrashed, LineLogged, message_of
from tests.proofs.simulation.injector import LOST_SECONDS
from tests.proofs.simulation.process import Process

if TYPE_CHECKING:
    from tests.proofs.simulation.simulator import Simulator

T = TypeVar("T")

_CHECKED_EVENTS: Final = {Event.DEAD_LETTER.value}
"""Events whose lines an invariant reads. To format every line would take a third of a run's time."""


@dataclass
class ExecutionEnvironment:
    """A warm execution environment: the code is built once, then runs for one process after the other.

    Parameters
    ----------
    process, sim
        Which process runs at present, and in which simulator.
    """

    process: Process
    sim: "Simulator"

    def step(self, operation: str, task: str | None, effect: Callable[[], T], patience: float) -> T:
        """Take a step of the present process."""
        return self.sim.injector.step(self.process, operation, task, effect, patience)


@dataclass
class DynamoDbClient:
    """Stands in for boto3's DynamoDB client: each call is a step of the process that makes it."""

    environment: ExecutionEnvironment
    patience: float = LOST_SECONDS

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """Return a method of the client, by its name in boto3."""

        def call(**request: Any) -> Any:
            table = self.environment.sim.table
            key = request.get("Key") or request.get("Item")
            task = key["taskId"]["S"] if key else None
            return self.environment.step(
                method, task, lambda: getattr(table, method)(**request), self.patience
            )

        return call


@dataclass
class SqsClient:
    """Stands in for boto3's SQS client: each call is a step of the process that makes it."""

    environment: ExecutionEnvironment
    patience: float = LOST_SECONDS

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """Return a method of the client, by its name in boto3."""

        def call(**request: Any) -> Any:
            queues = self.environment.sim.queues
            task = _task_of(queues, request)
            return self.environment.step(
                method, task, lambda: getattr(queues, method)(**request), self.patience
            )

        return call


class CheckedLines(LineCapture):
    """Adds the lines that invariants read to the run's history; a process that is dead writes none."""

    def __init__(self, environment: ExecutionEnvironment) -> None:
        super().__init__()
        self._environment = environment

    def emit(self, record: LogRecord) -> None:
        """Keep a line, and take note of an exception that left the code of a task."""
        super().emit(record)
        if getattr(record, "event", None) == Event.CRASHED.value:
            error = record.exc_info[1] if record.exc_info else None
            crashed = HandlerCrashed(self._environment.process.kind, repr(error))
            self._environment.sim.history.add(crashed)

    def wants(self, record: LogRecord) -> bool:
        """Return whether an invariant reads the line."""
        return self._environment.process.alive and getattr(record, "event", None) in _CHECKED_EVENTS

    def capture(self, line: dict[str, Any]) -> None:
        """Add the line to the history."""
        self._environment.sim.history.add(LineLogged(line))


def _task_of(queues: SimulatedSqs, request: dict[str, Any]) -> str | None:
    """Return the task that a call is about; several, with spaces between, if it is a call for several."""
    if "Entries" in request:
        entries = ({"QueueUrl": request["QueueUrl"], **entry} for entry in request["Entries"])
        return " ".join(filter(None, (_task_of(queues, entry) for entry in entries)))
    if "MessageBody" in request:
        return message_of("sent", request["MessageBody"]).task_id
    if "ReceiptHandle" not in request:
        return None
    message = queues[request["QueueUrl"]].find(request["ReceiptHandle"])
    return message_of(message.message_id, message.body).task_id if message else None
