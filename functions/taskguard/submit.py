"""Submit: the record first, then the message; a 202 means that both exist."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from taskguard.edge.telemetry import Event, Telemetry
from taskguard.kinds import Kinds
from taskguard.model import json_text
from taskguard.model.clock import Clock
from taskguard.model.errors import AwsError, Conflict, NotSubmitted, Unavailable
from taskguard.model.message import Message, Submission
from taskguard.model.record import Status, TaskRecord, new_task_id
from taskguard.storage.queue import LaneQueues
from taskguard.storage.store import Refused, TaskStore


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a submission comes from.

    Parameters
    ----------
    request_id
        Unique for each submission (for each item of a batch); a repeat by the client has another.
    correlation_id
        The client's own id for following a task through the logs, or the request id.
    caller
        Who submits; None where anybody may.
    parent_id
        The task whose work submits.
    """

    request_id: str
    correlation_id: str
    caller: str | None = None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """A task that is recorded and queued; `created` is False if it already was."""

    record: TaskRecord
    created: bool


@dataclass(frozen=True)
class Submitter:
    """Takes tasks in, each once however often it is submitted.

    Parameters
    ----------
    message_life
        How long a message can live: the queue's retention, and some reserve. A repeated submit of an open
        task without a message gives it one.
    """

    store: TaskStore
    queue: LaneQueues
    clock: Clock
    telemetry: Telemetry
    message_life: timedelta

    @property
    def kinds(self) -> Kinds:
        """The kinds that may be submitted."""
        return self.queue.kinds

    def submit(self, submission: Submission, origin: Origin) -> Submitted:
        """Record and queue a task; raises `Conflict` or `NotSubmitted`."""
        record = self._new_record(submission, origin)
        try:
            submitted = self._create(record)
            if submitted.created:
                self._send(record, record.created_at)
            else:
                submitted = replace(submitted, record=self._woken(submitted.record))
        except AwsError as error:
            self.telemetry.aws_failed(error, record)
            raise NotSubmitted(record.task_id) from error
        event = Event.SUBMITTED if submitted.created else Event.SUBMIT_REPEATED
        self.telemetry.report(event, submitted.record)
        return submitted

    def _woken(self, record: TaskRecord) -> TaskRecord:
        """Give a known task a message if its first submit may have died before sending, or if it is gone."""
        now = self.clock()
        if not record.is_untried and not record.is_stranded(now, self.message_life):
            return record
        self._send(record, now)
        try:
            return self.store.rescue(record, now)
        except Refused as refused:  # it went on meanwhile
            return refused.record or record

    def _send(self, record: TaskRecord, now: datetime) -> None:
        self.queue.send(Message.of(record, sent_at=now))

    def _new_record(self, submission: Submission, origin: Origin) -> TaskRecord:
        now = self.clock()
        return TaskRecord(
            task_id=submission.task_id or new_task_id(now),
            status=Status.QUEUED,
            generation=1,
            payload=submission.payload,
            payload_hash=json_text.digest(submission.payload),
            created_at=now,
            updated_at=now,
            sent_at=now,
            submit_id=origin.request_id,
            submitted_by=origin.caller,
            correlation_id=origin.correlation_id,
            kind=submission.kind,
            parent_id=origin.parent_id,
        )

    def _create(self, record: TaskRecord) -> Submitted:
        try:
            self.store.create(record)
        except Refused as refused:
            if refused.record is None:  # deleted between condition and answer
                raise Unavailable("PutItem", "RecordVanished") from refused
            same_kind = self.kinds.canonical(refused.record.kind) == record.kind
            if refused.record.payload_hash != record.payload_hash or not same_kind:
                raise Conflict(record.task_id) from refused
            return Submitted(refused.record, created=False)
        return Submitted(record, created=True)
