"""Burial: a dead letter is recorded and logged, and only then its message goes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model import json_text
from taskguard.model.clock import Clock, to_text
from taskguard.model.errors import UnreadableMessage
from taskguard.model.message import (
    MAX_PAYLOAD_BYTES,
    UNREADABLE_PREFIX,
    ComeBack,
    Delivery,
    Done,
    Message,
    Verdict,
)
from taskguard.model.record import Failure, TaskRecord
from taskguard.model.views import attempts_view
from taskguard.storage.store import Refused, TaskStore

MAX_LOGGED_PAYLOAD_BYTES: Final = 128 * 1024
"""A larger payload stands in the record alone; CloudWatch Logs takes at most 1 MiB an event."""

INTERRUPTED: Final = Failure(
    "Interrupted", "the worker stopped before it could report: timed out, killed or out of memory"
)


@dataclass(frozen=True)
class Burial:
    """Buries tasks whose message arrived in the dead-letter queue."""

    store: TaskStore
    clock: Clock
    telemetry: Telemetry

    def bury(self, delivery: Delivery) -> Verdict:
        """Bury the task of one dead letter.

        The message comes back while the task is being tried: a duplicate of it was delivered in time.

        Raises
        ------
        Unavailable
            The table could not be reached; the message must come back.
        """
        message, unreadable = _message(delivery)
        before = self.store.get(message.task_id)
        try:
            record = self.store.bury(message, unreadable or _cause(message, before), self.clock())
        except Refused as refused:
            return self._not_buried(message, refused.record)
        self._report_dead(record, delivery)
        return Done()

    def _not_buried(self, message: Message, record: TaskRecord | None) -> Verdict:
        if record is None:  # deleted between condition and answer
            self.telemetry.report(Event.DUPLICATE, taskId=message.task_id, generation=message.generation)
            return ComeBack()
        if record.generation <= message.generation and record.lease_until:
            left = max(record.lease_until - self.clock(), timedelta())
            self.telemetry.report(Event.BUSY, record)
            return ComeBack(after_seconds=int(left.total_seconds()) + 1)
        self.telemetry.report(Event.DUPLICATE, record, messageGeneration=message.generation)
        return Done()

    def _report_dead(self, record: TaskRecord, delivery: Delivery) -> None:
        small = json_text.size(record.payload) <= MAX_LOGGED_PAYLOAD_BYTES
        self.telemetry.report(
            Event.DEAD_LETTER,
            record,
            payload=record.payload if small else "[too large for a log line: read it from the record]",
            attempt=len(record.attempts),
            attempts=attempts_view(record),
            lastError=record.last_error and record.last_error.members(),
            createdAt=to_text(record.created_at),
            failedAt=to_text(record.dead_lettered_at or record.updated_at),
            messageId=delivery.message_id,
        )


def _message(delivery: Delivery) -> tuple[Message, Failure | None]:
    """Return the message; or, made of one that does not describe a task, one with the reason."""
    try:
        return Message.parse(delivery.body), None
    except UnreadableMessage as error:
        kept = delivery.body.encode("utf-8", "replace")[: MAX_PAYLOAD_BYTES // 2].decode("utf-8", "ignore")
        return Message(f"{UNREADABLE_PREFIX}{delivery.message_id}", kept), Failure.of(error)


def _cause(message: Message, before: TaskRecord | None) -> Failure:
    """Return the error to keep: the last attempt's, or why there is none."""
    tried = [a for a in before.attempts if a.generation == message.generation] if before else []
    if not tried:
        return Failure("NeverStarted", "the message was received, but no attempt could be recorded")
    return tried[-1].error or INTERRUPTED
