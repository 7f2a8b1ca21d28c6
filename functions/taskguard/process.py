"""One delivery of a task's message, from claim to report."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model import json_text
from taskguard.model.clock import Clock, to_text
from taskguard.model.errors import InvalidJson, PermanentError, Unavailable, UnreadableMessage
from taskguard.model.json_text import Json
from taskguard.model.message import Message
from taskguard.model.record import SETTLED, Attempt, Failure, TaskRecord
from taskguard.model.retry import Decision, Exhausted, GiveUp, Retry, RetryPolicy, decide
from taskguard.model.simulation import Simulation
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import Refused, TaskStore
from taskguard.work import Perform, Task, WorkContext

MAX_RESULT_BYTES = 64 * 1024
"""Largest result kept in the record, as compact UTF-8 JSON."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as SQS hands it to one invocation.

    Parameters
    ----------
    receive_count
        ``ApproximateReceiveCount``, from 1.
    sent_at
        ``SentTimestamp``: kept when SQS moves the message to the dead-letter queue, new when SQS redrives it.
    """

    body: str
    message_id: str
    receipt_handle: str
    receive_count: int
    sent_at: datetime


@dataclass(frozen=True)
class Processor:
    """Tries tasks; ``handle`` says whether the message is done with, and raises for no task's sake."""

    store: TaskStore
    queue: TaskQueue
    dead_letters: TaskQueue
    policy: RetryPolicy
    simulation: Simulation
    perform: Perform
    clock: Clock
    telemetry: Telemetry

    def handle(self, delivery: Delivery, context: WorkContext) -> bool:
        """Try the task of one message; return True if SQS may delete it, False if it must come back.

        A message that cannot be handled because AWS could not be reached comes back after the queue's
        visibility timeout.
        """
        try:
            return self._read(delivery, context)
        except Unavailable as error:
            self.telemetry.report(Event.UNAVAILABLE, messageId=delivery.message_id, error=error)
            return False

    def _read(self, delivery: Delivery, context: WorkContext) -> bool:
        try:
            message = Message.parse(delivery.body)
        except UnreadableMessage as error:
            self.telemetry.report(Event.UNREADABLE, messageId=delivery.message_id, reason=str(error))
            return self._come_back(delivery, 0)
        return self._try(message, delivery, context)

    def _try(self, message: Message, delivery: Delivery, context: WorkContext) -> bool:
        if self._is_late(context):
            self.telemetry.report(Event.BUSY, taskId=message.task_id, reason="the invocation's time is over")
            return False
        attempt = Attempt(message.generation, delivery.receive_count, self.clock(), context.request_id)
        try:
            record = self.store.claim(
                message, attempt, secrets.token_hex(16), context.deadline, delivery.sent_at
            )
        except Refused as refused:
            return self._not_claimed(message, delivery, refused.record)
        try:
            return self._attempt(record, delivery, context)
        except Refused:
            # Somebody else claimed the task after my lease ran out; the message is theirs to delete.
            self._report(Event.LEASE_LOST, record)
            return False

    def _is_late(self, context: WorkContext) -> bool:
        """Tell whether a lease would be over at once and keep nobody away; a worker with time must try."""
        return self.clock() >= context.deadline

    def _not_claimed(self, message: Message, delivery: Delivery, record: TaskRecord | None) -> bool:
        if record is None:  # deleted between condition and answer: let the message come back
            return False
        if record.status in SETTLED or record.generation > message.generation:
            self._report(Event.DUPLICATE, record, messageGeneration=message.generation)
            return True
        if record.permanent:
            return self._give_up(record)
        # Not deleted: it may be the running attempt's own message, needed if its worker dies.
        self._report(Event.BUSY, record, leaseUntil=record.lease_until and to_text(record.lease_until))
        return self._come_back(delivery, self._seconds_left(record))

    def _attempt(self, record: TaskRecord, delivery: Delivery, context: WorkContext) -> bool:
        self._report(Event.STARTED, record, receiveCount=delivery.receive_count)
        try:
            result = self._work(record, context)
        except (Exception, SystemExit) as error:  # work may even call sys.exit(); its neighbours go on
            return self._failed(record, delivery, error)
        done = self.store.complete(record, result, self.clock())
        self._report(Event.COMPLETED, done)
        if done.completed_at:
            self.telemetry.latency(done.completed_at - done.created_at)
        return True

    def _work(self, record: TaskRecord, context: WorkContext) -> Json:
        number = len(record.attempts)
        self.simulation.check(record.task_id, number)
        task = Task(record.task_id, record.payload, number, record.generation, record.created_at)
        return _checked_result(self.perform(task, context))

    def _failed(self, record: TaskRecord, delivery: Delivery, error: BaseException) -> bool:
        decision = decide(self.policy, error, delivery.receive_count)
        now, wait = self.clock(), _wait_seconds(decision)
        failed = self.store.fail(
            record,
            Failure.of(error),
            now,
            now + timedelta(seconds=wait) if isinstance(decision, Retry) else None,
            permanent=isinstance(decision, GiveUp),
        )
        self._report(_EVENTS[type(decision)], failed, error=error, waitSeconds=wait)
        if isinstance(decision, GiveUp):
            return self._give_up(failed)
        return self._come_back(delivery, wait)

    def _give_up(self, record: TaskRecord) -> bool:
        """Copy the message to the dead-letter queue, so that the original may be deleted."""
        self.dead_letters.send(Message(record.task_id, record.payload, record.generation))
        return True

    def _come_back(self, delivery: Delivery, seconds: int) -> bool:
        self.queue.postpone(delivery.receipt_handle, seconds)
        return False

    def _seconds_left(self, record: TaskRecord) -> int:
        left = record.lease_until - self.clock() if record.lease_until else timedelta()
        return max(int(left.total_seconds()) + 1, 1)

    def _report(self, event: Event, record: TaskRecord, **facts: object) -> None:
        error = facts.pop("error", None)
        self.telemetry.report(
            event,
            error=error if isinstance(error, BaseException) else None,
            taskId=record.task_id,
            attempt=len(record.attempts),
            generation=record.generation,
            status=record.status.value,
            correlation_id=record.correlation_id,
            **facts,
        )


_EVENTS = {Retry: Event.RETRY, Exhausted: Event.EXHAUSTED, GiveUp: Event.GIVEN_UP}


def _wait_seconds(decision: Decision) -> int:
    return decision.wait_seconds if isinstance(decision, Retry) else 0


def _checked_result(result: Json) -> Json:
    try:
        size = json_text.size(result)
        kept = json_text.parse(json_text.compact(result))  # what cannot be read back must not be kept
    except (TypeError, ValueError, RecursionError) as error:
        raise PermanentError(f"the work's result is no JSON value: {error}") from error
    except InvalidJson as error:
        raise PermanentError(f"the work's result {error}") from error
    if size > MAX_RESULT_BYTES:
        raise PermanentError(
            f"the work's result is {size} bytes of JSON; at most {MAX_RESULT_BYTES} are kept"
        )
    return kept
