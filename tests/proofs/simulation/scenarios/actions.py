"""Single actions of which random stories are made; each is harmless in any order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.proofs.simulation import settings
from tests.proofs.simulation.scripted_work import Deed
from tests.proofs.simulation.simulator import World


class Action(Protocol):
    """Something that somebody does."""

    def __call__(self, world: World) -> None:
        """Do it."""


@dataclass(frozen=True, slots=True)
class Submit:
    """A client submits a task, patiently or not."""

    task: str
    tries: int

    def __call__(self, world: World) -> None:
        """Do it."""
        world.client.submit(self.task, {"of": self.task}, self.tries)


@dataclass(frozen=True, slots=True)
class SubmitBatch:
    """A client submits several tasks in one request."""

    tasks: Sequence[str]

    def __call__(self, world: World) -> None:
        """Do it."""
        world.client.submit_batch({task: {"of": task} for task in self.tasks})


@dataclass(frozen=True, slots=True)
class Repair:
    """The operator repairs a task, whatever its state."""

    task: str

    def __call__(self, world: World) -> None:
        """Do it."""
        world.operator.repair(self.task)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the work of a task does from now on."""

    task: str
    deeds: Sequence[Deed]

    def __call__(self, world: World) -> None:
        """Do it."""
        world.work.plan(self.task, *self.deeds)


@dataclass(frozen=True, slots=True)
class Redrive:
    """The operator redrives a task, whatever its state."""

    task: str

    def __call__(self, world: World) -> None:
        """Do it."""
        world.operator.redrive(self.task)


@dataclass(frozen=True, slots=True)
class RedriveNatively:
    """The operator uses SQS's own redrive on all that is in the dead-letter queue."""

    def __call__(self, world: World) -> None:
        """Do it."""
        world.redrive_natively()


@dataclass(frozen=True, slots=True)
class Switch:
    """The operator switches the monitor off or on."""

    on: bool

    def __call__(self, world: World) -> None:
        """Do it."""
        world.poller.dead_letters.enabled = self.on


@dataclass(frozen=True, slots=True)
class WriteDirectly:
    """A producer writes to the task queue."""

    body: str

    def __call__(self, world: World) -> None:
        """Do it."""
        world.send_directly(self.body)


@dataclass(frozen=True, slots=True)
class ShowAgain:
    """SQS lets messages in flight be received again, those of one queue."""

    queue: str = settings.TASK_QUEUE

    def __call__(self, world: World) -> None:
        """Do it."""
        for message in world.queues[self.queue].messages:
            message.visible_at = world.clock()
            world.note_duplicate(message.message_id, message.body)


@dataclass(frozen=True, slots=True)
class DeliverAgain:
    """SQS delivers a batch again, ``back`` batches ago, although some of it may be deleted by now."""

    back: int

    def __call__(self, world: World) -> None:
        """Do it."""
        if self.back < len(world.poller.past):
            source, batch = world.poller.past[-1 - self.back]
            for message in batch:
                world.note_duplicate(message["MessageId"], message["Body"])
            world.poller.deliver(source, batch)


@dataclass(frozen=True, slots=True)
class DeliverLater:
    """A batch is received now, and its function called after others took what they could."""

    def __call__(self, world: World) -> None:
        """Do it."""
        batch = world.poller.receive(world.poller.tasks)
        ShowAgain()(world)
        world.run_visible()
        world.poller.deliver(world.poller.tasks, batch)


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes."""

    seconds: int

    def __call__(self, world: World) -> None:
        """Do it."""
        world.clock.advance(self.seconds)


@dataclass(frozen=True, slots=True)
class Run:
    """The functions take what they can, at once or until all is quiet."""

    to_the_end: bool

    def __call__(self, world: World) -> None:
        """Do it."""
        if self.to_the_end:
            world.settle()
        else:
            world.run_visible()


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Several act at once, while the functions run."""

    actions: Sequence[Action]

    def __call__(self, world: World) -> None:
        """Do it."""
        actors = [lambda action=action: action(world) for action in self.actions]
        world.baton.run(*actors, lambda: world.poll_steadily(1), lambda: world.poll_steadily(1))
