"""Lambda's poller: takes messages from a queue to its function and deletes those that the function handled.

Follows the Lambda Developer Guide, "Handling errors for an SQS event source": without an answer the whole
batch comes back; an answer's `batchItemFailures` come back and the rest is deleted; an entry without a
known `itemIdentifier` counts as a failure of the whole batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from taskguard.kinds import DEFAULT_LANE
from tests.proofs.simulation import settings
from tests.proofs.simulation.functions import Functions
from tests.proofs.simulation.history import (
    FunctionInvoked,
    HandlerCrashed,
    MessageReceived,
    message_of,
)
from tests.proofs.simulation.process import Killed, Kind, Process
from tests.proofs.simulation.program import TASK_QUEUE, Program
from tests.proofs.simulation.schedule import RECEIVE
from tests.support.events import received

if TYPE_CHECKING:
    from tests.proofs.simulation.simulator import Simulator

Batch: TypeAlias = Sequence[Mapping[str, Any]]
"""Messages as ReceiveMessage returns them."""

FAILURES: Final = (ClientError, BotoCoreError)
"""All errors of a call to AWS."""


@dataclass
class EventSourceMapping:
    """An event source mapping of a queue to a function.

    Parameters
    ----------
    enabled
        Disabled, it leaves the messages where they are.
    lane
        The lane that the function works for.
    throttled
        How many of its next batches are received in vain: Lambda takes no invocation, each of their messages
        has one receive more, and they come back after their visibility timeout.
    """

    queue: str
    function: Kind
    enabled: bool = True
    lane: str = DEFAULT_LANE
    throttled: int = 0


@dataclass
class Poller:
    """Polls the queues of a run, one batch at a time.

    Attributes
    ----------
    tasks, dead_letters
        The mappings of the default lane's task queue, and of the dead-letter queue.
    others
        The mappings of the other lanes' task queues, by lane.
    past
        Every batch that was delivered, with its mapping: SQS may deliver it again.
    """

    sim: "Simulator"
    functions: Functions

    def __post_init__(self) -> None:
        self.process = self.sim.start(Kind.POLLER)
        self.tasks = EventSourceMapping(TASK_QUEUE, Kind.PROCESS)
        self.others: dict[str, EventSourceMapping] = {}
        self.dead_letters = EventSourceMapping(settings.DEAD_LETTERS, Kind.MONITOR)
        self.past: list[tuple[EventSourceMapping, Batch]] = []

    @property
    def sources(self) -> list[EventSourceMapping]:
        """All mappings."""
        return [self.tasks, *self.others.values(), self.dead_letters]

    def connect(self, program: Program) -> None:
        """Have a mapping for each lane of a program."""
        self.others = {
            lane: self.others.get(lane) or EventSourceMapping(queue, Kind.PROCESS, lane=lane)
            for lane, queue in program.task_queues.items()
            if lane != DEFAULT_LANE
        }

    def poll(self) -> bool:
        """Take one batch from a queue to its function; return False if none can be received."""
        for source in self.sources:
            if source.enabled and self._visible(source):
                self.deliver(source, self.receive(source))
                return True
        return False

    def waiting(self) -> list[datetime]:
        """Return when each message of an enabled mapping can be received."""
        now = self.sim.clock()
        sources = [source for source in self.sources if source.enabled]
        return [at for source in sources for at in self.sim.queues[source.queue].next_offers(now)]

    def receive(self, source: EventSourceMapping, most: int = settings.BATCH_SIZE) -> Batch:
        """Receive a batch of at most so many messages; none if the call fails or its answer is lost."""
        queues = self.sim.queues
        try:
            answer = self.sim.injector.step(
                self.process,
                RECEIVE,
                None,
                lambda: queues.receive_message(QueueUrl=source.queue, MaxNumberOfMessages=most),
            )
        except FAILURES:
            return []
        return list(answer["Messages"])

    def deliver(self, source: EventSourceMapping, batch: Batch) -> None:
        """Invoke the function with a batch, and delete the messages that it does not report as failed."""
        if batch and source.throttled:
            source.throttled -= 1
            for message in batch:
                self.sim.record_duplicate(message["MessageId"], message["Body"])
        elif batch:
            self.past.append((source, batch))
            failed = self._invoke(source, batch)
            for message in batch:
                if message["MessageId"] not in failed:
                    self._delete(source, message)

    def _invoke(self, source: EventSourceMapping, batch: Batch) -> set[str]:
        process = self.sim.start(source.function, settings.TIMEOUT_SECONDS, source.lane)
        self._record_receives(source, batch, process)
        every = {str(message["MessageId"]) for message in batch}
        event = {"Records": [received(message) for message in batch]}
        try:
            answer = self.functions.invoke(process, self.sim, event)
        except Killed:
            return every
        except Exception as error:  # what Lambda does with any error of a function
            self.sim.history.add(HandlerCrashed(process.kind, repr(error)))
            return every
        # An id that is not in the batch makes all of it fail, as with Lambda.
        failed = {str(item.get("itemIdentifier")) for item in (answer or {}).get("batchItemFailures") or []}
        return failed if failed <= every else every

    def _record_receives(self, source: EventSourceMapping, batch: Batch, process: Process) -> None:
        tasks = [message_of(message["MessageId"], message["Body"]).task_id for message in batch]
        self.sim.history.add(FunctionInvoked(process.id, tuple(tasks)))
        for message, task in zip(batch, tasks, strict=True):
            count = int(message["Attributes"]["ApproximateReceiveCount"])
            self.sim.history.add(MessageReceived(source.queue, message["MessageId"], task, count))

    def _delete(self, source: EventSourceMapping, message: Mapping[str, Any]) -> None:
        task = message_of(message["MessageId"], message["Body"]).task_id
        request = {"QueueUrl": source.queue, "ReceiptHandle": message["ReceiptHandle"]}
        try:
            self.sim.injector.step(
                self.process, "delete_message", task, lambda: self.sim.queues.delete_message(**request)
            )
        except FAILURES:
            return  # Lambda does not try again; the message comes back

    def _visible(self, source: EventSourceMapping) -> bool:
        return self.sim.queues[source.queue].offers(self.sim.clock())
