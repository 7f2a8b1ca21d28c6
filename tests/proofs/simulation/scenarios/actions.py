"""Single actions of which random workloads are made; each makes sense in any order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.proofs.simulation.history import Child
from tests.proofs.simulation.program import TASK_QUEUE, Program
from tests.proofs.simulation.scripted_work import AsksFor, Behaviour
from tests.proofs.simulation.simulator import Simulator


class Action(Protocol):
    """Something that a client, the operator or SQS does."""

    def __call__(self, sim: Simulator) -> None: ...


@dataclass(frozen=True, slots=True)
class Submit:
    """A client submits a task, in so many tries."""

    task: str
    tries: int

    def __call__(self, sim: Simulator) -> None:
        sim.client.submit(self.task, {"of": self.task}, self.tries)


@dataclass(frozen=True, slots=True)
class SubmitBatch:
    """A client submits several tasks in one request."""

    tasks: Sequence[str]

    def __call__(self, sim: Simulator) -> None:
        sim.client.submit_batch({task: {"of": task} for task in self.tasks})


@dataclass(frozen=True, slots=True)
class Repair:
    """The operator repairs a task, whatever its state."""

    task: str

    def __call__(self, sim: Simulator) -> None:
        sim.operator.repair(self.task, assume_empty=True)


@dataclass(frozen=True, slots=True)
class ScriptWork:
    """The work of a task behaves like this from now on."""

    task: str
    behaviours: Sequence[Behaviour | AsksFor]

    def __call__(self, sim: Simulator) -> None:
        sim.work.script(self.task, *self.behaviours)


@dataclass(frozen=True, slots=True)
class SubmitsChildren:
    """The work of a task submits these in every attempt from now on."""

    task: str
    children: Sequence[Child]

    def __call__(self, sim: Simulator) -> None:
        sim.work.submits(self.task, *self.children)


@dataclass(frozen=True, slots=True)
class Deploy:
    """Somebody deploys a program; one that knows every kind, else tasks wait for seven days."""

    program: Program

    def __call__(self, sim: Simulator) -> None:
        sim.deploy(self.program)


@dataclass(frozen=True, slots=True)
class Redrive:
    """The operator redrives a task, whatever its state."""

    task: str

    def __call__(self, sim: Simulator) -> None:
        sim.operator.redrive(self.task)


@dataclass(frozen=True, slots=True)
class Discard:
    """The operator ends a task that is a dead letter."""

    task: str

    def __call__(self, sim: Simulator) -> None:
        sim.operator.discard(self.task)


@dataclass(frozen=True, slots=True)
class RedriveNatively:
    """The operator uses SQS's own redrive on all that is in the dead-letter queue."""

    def __call__(self, sim: Simulator) -> None:
        sim.redrive_natively()


@dataclass(frozen=True, slots=True)
class EnableMonitor:
    """The operator disables or enables the mapping of the dead-letter queue to its monitor."""

    enabled: bool

    def __call__(self, sim: Simulator) -> None:
        sim.poller.dead_letters.enabled = self.enabled


@dataclass(frozen=True, slots=True)
class SendDirectly:
    """A producer that does not use the API sends to the task queue."""

    body: str

    def __call__(self, sim: Simulator) -> None:
        # An unreadable body has no id: two of the same could not be told apart.
        distinct = "" if self.body.startswith("{") else f" {len(sim.history.events)}"
        sim.send_directly(self.body + distinct)


@dataclass(frozen=True, slots=True)
class MakeVisible:
    """SQS makes the messages of one queue visible that are in flight: they are delivered a second time."""

    queue: str = TASK_QUEUE

    def __call__(self, sim: Simulator) -> None:
        for message in sim.queues[self.queue].in_flight(sim.clock()):
            message.visible_at = sim.clock()
            sim.record_duplicate(message.message_id, message.body)


@dataclass(frozen=True, slots=True)
class DeliverAgain:
    """SQS delivers a batch again, that of so many batches ago, although some of it may be deleted by now."""

    back: int

    def __call__(self, sim: Simulator) -> None:
        if self.back < len(sim.poller.past):
            source, batch = sim.poller.past[-1 - self.back]
            for message in batch:
                sim.record_duplicate(message["MessageId"], message["Body"])
            sim.poller.deliver(source, batch)


@dataclass(frozen=True, slots=True)
class DeliverLater:
    """A batch is received now, but its function is invoked only after others processed what they could."""

    def __call__(self, sim: Simulator) -> None:
        batch = sim.poller.receive(sim.poller.tasks)
        MakeVisible()(sim)
        sim.run_visible()
        sim.poller.deliver(sim.poller.tasks, batch)


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes."""

    seconds: int

    def __call__(self, sim: Simulator) -> None:
        sim.clock.advance(self.seconds)


@dataclass(frozen=True, slots=True)
class Run:
    """The functions process what is visible, or all there is, while time passes."""

    to_the_end: bool

    def __call__(self, sim: Simulator) -> None:
        if self.to_the_end:
            sim.settle()
        else:
            sim.run_visible()


@dataclass(frozen=True, slots=True)
class Concurrently:
    """Several actors act at once, while the functions run."""

    actions: Sequence[Action]

    def __call__(self, sim: Simulator) -> None:
        actors = [lambda action=action: action(sim) for action in self.actions]
        sim.scheduler.run(*actors, lambda: sim.poll_steadily(1), lambda: sim.poll_steadily(1))
