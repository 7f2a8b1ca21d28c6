"""Burial: a dead letter is recorded and logged, and only then its message goes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model import json_text
from taskguard.model.clock import Clock, to_text
from taskguard.model.errors import UnreadableMessage
from taskguard.model.json_text import Json
from taskguard.model.message import (
    MAX_PAYLOAD_BYTES,
    UNREADABLE_PREFIX,
    ComeBack,
    Delivery,
    Done,
    Message,
    Verdict,
)
from taskguard.model.record import NEVER_STARTED, Failure, Status, TaskRecord
from taskguard.model.views import attempts_view
from taskguard.storage.store import Refused, TaskStore
from taskguard.storage.transitions import DeadLetter

MAX_LOGGED_PAYLOAD_BYTES: Final = 128 * 1024
"""A larger payload stands in the record alone; CloudWatch Logs takes at most 1 MiB an event."""


@dataclass(frozen=True)
class Burial:
    """Buries tasks whose message arrived in the dead-letter queue.

    Parameters
    ----------
    log_payload
        Whether the log line has the payload; the record has it anyway.
    """

    store: TaskStore
    clock: Clock
    telemetry: Telemetry
    log_payload: bool = True

    def bury(self, delivery: Delivery) -> Verdict:
        """Bury the task of one dead letter.

        The message comes back while the task is being tried: a duplicate of it was delivered in time.

        Raises
        ------
        AwsError
            The table could not be reached or refused; the message must come back.
        """
        message, unreadable = _message(delivery)
        before = self.store.get(message.task_id)
        letter = DeadLetter(message, unreadable or _cause(message, before), delivery.sent_at)
        try:
            record = self.store.bury(letter, self.clock())
        except Refused as refused:
            return self._not_buried(message, refused.record)
        self._report_dead(record, delivery)
        return Done()

    def _not_buried(self, message: Message, record: TaskRecord | None) -> Verdict:
        if record is None:  # deleted between condition and answer
            self.telemetry.report(Event.DUPLICATE, taskId=message.task_id, generation=message.generation)
            return ComeBack()
        now = self.clock()
        if record.generation <= message.generation and record.has_live_lease(now) and record.lease_until:
            self.telemetry.report(Event.BUSY, record)
            return ComeBack(record.lease_until - now + timedelta(seconds=1))
        # It has ended, or a message that was sent since keeps it going.
        self.telemetry.report(Event.DUPLICATE, record, messageGeneration=message.generation)
        return Done()

    def _report_dead(self, record: TaskRecord, delivery: Delivery) -> None:
        self.telemetry.report(
            Event.DEAD_LETTER,
            record,
            attempts=attempts_view(record),
            lastError=record.last_error and record.last_error.members(),
            createdAt=to_text(record.created_at),
            failedAt=to_text(record.dead_lettered_at or record.updated_at),
            messageId=delivery.message_id,
            # Last, and as text: CloudWatch Logs Insights reads the first 200 fields of a line, and a payload
            # may have more.
            payload=self._logged(record.payload),
        )

    def _logged(self, payload: Json) -> str | None:
        if not self.log_payload:
            return None
        text = json_text.compact(payload)
        small = len(text.encode()) <= MAX_LOGGED_PAYLOAD_BYTES
        return text if small else "[too large for a log line: read it from the record]"


def _message(delivery: Delivery) -> tuple[Message, Failure | None]:
    """Return the message; or, made of one that does not describe a task, one with the reason."""
    try:
        return Message.parse(delivery.body), None
    except UnreadableMessage as error:
        kept = delivery.body.encode("utf-8", "replace")[: MAX_PAYLOAD_BYTES // 2].decode("utf-8", "ignore")
        return Message(f"{UNREADABLE_PREFIX}{delivery.message_id}", kept), Failure.of(error)


def _cause(message: Message, before: TaskRecord | None) -> Failure:
    """Return the error to keep: why the task was given up, or its last attempt's."""
    if before is None or before.generation < message.generation:
        return NEVER_STARTED
    if before.status in (Status.GIVING_UP, Status.DEAD_LETTERED) and before.last_error:
        return before.last_error
    return before.cause_of_death()
