"""Dead letters: each is recorded and logged, and only then its message goes."""

from dataclasses import dataclass
from datetime import timedelta

from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model import json_text
from taskguard.model.clock import Clock, to_text
from taskguard.model.errors import Unavailable, UnreadableMessage
from taskguard.model.message import MAX_PAYLOAD_BYTES, Message
from taskguard.model.record import Failure, TaskRecord
from taskguard.model.views import attempts_view
from taskguard.process import Delivery
from taskguard.storage.items import failure_value
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import Refused, TaskStore
from taskguard.work import WorkContext

MAX_LOGGED_PAYLOAD_BYTES = 128 * 1024
"""A larger payload stands in the record alone; CloudWatch Logs takes at most 1 MiB an event."""

INTERRUPTED = Failure(
    "Interrupted", "the worker stopped before it could report: timed out, killed or out of memory"
)


@dataclass(frozen=True)
class Burial:
    """Puts tasks aside whose message arrived in the dead-letter queue."""

    store: TaskStore
    dead_letters: TaskQueue
    clock: Clock
    telemetry: Telemetry

    def handle(self, delivery: Delivery, _context: WorkContext) -> bool:
        """Bury the task of one dead letter; return True if SQS may delete the message.

        It may not while the task is being tried (a duplicate of the message was delivered in time) or
        the record cannot be written; then it comes back, until the queue's retention ends.
        """
        try:
            message, error = _message(delivery)
            return self._bury(message, delivery, error)
        except Unavailable as error:
            self.telemetry.report(Event.UNAVAILABLE, messageId=delivery.message_id, error=error)
            return False

    def _bury(self, message: Message, delivery: Delivery, error: Failure | None) -> bool:
        before = self.store.get(message.task_id)
        try:
            record = self.store.bury(message, error or _cause(message, before), self.clock())
        except Refused as refused:
            return self._not_buried(message, delivery, refused.record)
        self._report_dead(record, delivery)
        return True

    def _not_buried(self, message: Message, delivery: Delivery, record: TaskRecord | None) -> bool:
        lease = record.lease_until if record else None
        if record and record.generation <= message.generation and lease:
            left = max(lease - self.clock(), timedelta())
            self.telemetry.report(Event.BUSY, taskId=record.task_id, generation=record.generation)
            self.dead_letters.postpone(delivery.receipt_handle, int(left.total_seconds()) + 1)
            return False
        self.telemetry.report(
            Event.DUPLICATE,
            taskId=message.task_id,
            generation=message.generation,
            status=record.status.value if record else None,
        )
        return record is not None

    def _report_dead(self, record: TaskRecord, delivery: Delivery) -> None:
        small = json_text.size(record.payload) <= MAX_LOGGED_PAYLOAD_BYTES
        self.telemetry.report(
            Event.DEAD_LETTER,
            taskId=record.task_id,
            payload=record.payload if small else "[too large for a log line: read it from the record]",
            attempts=attempts_view(record),
            attempt=len(record.attempts),
            generation=record.generation,
            lastError=record.last_error and failure_value(record.last_error),
            createdAt=to_text(record.created_at),
            failedAt=to_text(record.dead_lettered_at or record.updated_at),
            messageId=delivery.message_id,
            correlation_id=record.correlation_id,
        )


def _message(delivery: Delivery) -> tuple[Message, Failure | None]:
    """Return the message; one whose body is no task gets an id from its message id, and the reason."""
    try:
        return Message.parse(delivery.body), None
    except UnreadableMessage as error:
        kept = delivery.body.encode("utf-8", "replace")[: MAX_PAYLOAD_BYTES // 2].decode("utf-8", "ignore")
        return Message(f"unreadable:{delivery.message_id}", kept), Failure.of(error)


def _cause(message: Message, before: TaskRecord | None) -> Failure:
    """Return the error to keep: the last attempt's, or why there is none."""
    tried = [a for a in before.attempts if a.generation == message.generation] if before else []
    if not tried:
        return Failure("NeverStarted", "the message was received, but no attempt could be recorded")
    return tried[-1].error or INTERRUPTED
