"""The AWS clients that the product's code is given in a run: each call is one step of its process."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from taskguard.model.json_text import Json
from taskguard.work import Task
from tests.proofs.simulation.aws.queues import MemoryQueues
from tests.proofs.simulation.aws.table import MemoryTable
from tests.proofs.simulation.calls import Calls
from tests.proofs.simulation.history import Journal, message_of
from tests.proofs.simulation.process import Process

T = TypeVar("T")


class Surroundings(Protocol):
    """What a run offers to its processes."""

    table: MemoryTable
    queues: MemoryQueues
    calls: Calls
    journal: Journal

    def perform(self, process: Process, task: Task) -> Json:
        """Do the work of one attempt."""


@dataclass
class Seat:
    """Where a process sits while it runs; a function's code is built once and then used by many.

    Parameters
    ----------
    process, world
        Who runs at present, and in which run.
    """

    process: Process
    world: Surroundings

    def step(self, operation: str, task: str | None, effect: Callable[[], T]) -> T:
        """Make a step of the process that sits here."""
        return self.world.calls.make(self.process, operation, task, effect)


@dataclass
class TableClient:
    """Stands for boto3's DynamoDB client."""

    seat: Seat

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """Return a method of the client, by its name in boto3."""

        def call(**request: Any) -> Any:
            table = self.seat.world.table
            task = (request.get("Key") or request["Item"])["taskId"]["S"]
            return self.seat.step(method, task, lambda: getattr(table, method)(**request))

        return call


@dataclass
class QueueClient:
    """Stands for boto3's SQS client."""

    seat: Seat

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """Return a method of the client, by its name in boto3."""

        def call(**request: Any) -> Any:
            queues = self.seat.world.queues
            return self.seat.step(
                method, _task_of(queues, request), lambda: getattr(queues, method)(**request)
            )

        return call


def _task_of(queues: MemoryQueues, request: dict[str, Any]) -> str | None:
    if "MessageBody" in request:
        return message_of("sent", request["MessageBody"]).task_id
    message = queues[request["QueueUrl"]].find(request["ReceiptHandle"])
    return message_of(message.message_id, message.body).task_id if message else None
