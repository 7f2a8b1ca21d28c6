"""Lambda's poller: takes messages from a queue to its function and deletes those that the function handled.

Follows the Lambda Developer Guide, "Handling errors for an SQS event source": without an answer the whole
batch comes back; an answer's `batchItemFailures` come back and the rest is deleted; an entry without a
known `itemIdentifier` counts as a failure of the whole batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from tests.proofs.simulation import settings
from tests.proofs.simulation.functions import Functions
from tests.proofs.simulation.history import Crashed, Deleted, Invoked, Received, message_of
from tests.proofs.simulation.process import Killed, Kind, Process

Batch: TypeAlias = Sequence[Mapping[str, Any]]
"""Messages as ReceiveMessage returns them."""

FAILURES: Final = (ClientError, BotoCoreError)


@dataclass
class EventSource:
    """The mapping of a queue to a function; switched off, it leaves the messages where they are."""

    queue: str
    function: Kind
    enabled: bool = True


@dataclass
class Poller:
    """Polls for the functions of one run."""

    world: Any
    functions: Functions

    def __post_init__(self) -> None:
        self.process = self.world.start(Kind.POLLER)
        self.tasks = EventSource(settings.TASK_QUEUE, Kind.PROCESS)
        self.past: list[tuple[EventSource, Batch]] = []
        self.dead_letters = EventSource(settings.DEAD_LETTERS, Kind.MONITOR)

    def poll(self) -> bool:
        """Take one batch from a queue to its function; False if there is none to take now."""
        for source in (self.tasks, self.dead_letters):
            if source.enabled and self._visible(source):
                self.deliver(source, self.receive(source))
                return True
        return False

    def waiting(self) -> list[datetime]:
        """Return when each message that will be taken becomes visible."""
        sources = [source for source in (self.tasks, self.dead_letters) if source.enabled]
        return [m.visible_at for source in sources for m in self.world.queues[source.queue].messages]

    def receive(self, source: EventSource, most: int = settings.BATCH_SIZE) -> Batch:
        """Receive a batch; nothing if the call fails or its answer is lost."""
        queues = self.world.queues
        try:
            answer = self.world.calls.make(
                self.process,
                "receive_message",
                None,
                lambda: queues.receive_message(QueueUrl=source.queue, MaxNumberOfMessages=most),
            )
        except FAILURES:
            return []
        return list(answer["Messages"])

    def deliver(self, source: EventSource, batch: Batch) -> None:
        """Hand a batch to the function, and delete what it did."""
        if batch:
            self.past.append((source, batch))
            failed = self._invoke(source, batch)
            for message in batch:
                if message["MessageId"] not in failed:
                    self._delete(source, message)

    def _invoke(self, source: EventSource, batch: Batch) -> set[str]:
        process = self.world.start(source.function, settings.TIMEOUT_SECONDS)
        self._note(source, batch, process)
        every = {str(message["MessageId"]) for message in batch}
        event = {"Records": [_record(message) for message in batch]}
        try:
            answer = self.functions.invoke(process, self.world, event)
        except Killed:
            return every
        except Exception as error:  # what Lambda does with any error of a function
            self.world.journal.add(Crashed(process.kind, repr(error)))
            return every
        failed = {str(item.get("itemIdentifier")) for item in (answer or {}).get("batchItemFailures") or []}
        return failed if failed <= every else every

    def _note(self, source: EventSource, batch: Batch, process: Process) -> None:
        tasks = [message_of(message["MessageId"], message["Body"]).task_id for message in batch]
        self.world.journal.add(Invoked(process.id, tuple(tasks)))
        for message, task in zip(batch, tasks, strict=True):
            count = int(message["Attributes"]["ApproximateReceiveCount"])
            self.world.journal.add(Received(source.queue, message["MessageId"], task, count))

    def _delete(self, source: EventSource, message: Mapping[str, Any]) -> None:
        handle, parsed = message["ReceiptHandle"], message_of(message["MessageId"], message["Body"])

        def delete() -> None:
            present = self.world.queues[source.queue].find(handle)
            self.world.queues.delete_message(QueueUrl=source.queue, ReceiptHandle=handle)
            if present:
                fact = Deleted(source.queue, message["MessageId"], parsed.task_id, parsed.generation)
                self.world.journal.add(fact)

        try:
            self.world.calls.make(self.process, "delete_message", parsed.task_id, delete)
        except FAILURES:
            return  # Lambda says nothing; the message comes back

    def _visible(self, source: EventSource) -> bool:
        now = self.world.clock()
        return any(message.visible_at <= now for message in self.world.queues[source.queue].messages)


def _record(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue",
        "awsRegion": "us-east-1",
    }
