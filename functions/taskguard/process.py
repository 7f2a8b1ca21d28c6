"""One delivery of a task's message: claim, work, report, and what shall happen to the message."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model import json_text
from taskguard.model.clock import Clock, to_text
from taskguard.model.errors import InvalidJson, PermanentError, UnreadableMessage
from taskguard.model.json_text import Json
from taskguard.model.message import ComeBack, Delivery, Done, Message, Verdict
from taskguard.model.record import Attempt, Failure, TaskRecord
from taskguard.model.retry import Next, RetryPolicy
from taskguard.model.simulation import Simulation
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import Refused, TaskStore
from taskguard.work import Perform, Task, WorkContext

MAX_RESULT_BYTES: Final = 64 * 1024
"""Largest result kept in the record, as compact UTF-8 JSON."""


@dataclass(frozen=True)
class Processor:
    """Tries tasks.

    Parameters
    ----------
    dead_letters
        Gets a copy of the message of a task that is given up before its last receive.
    perform
        The work; see `taskguard.work`.
    """

    store: TaskStore
    dead_letters: TaskQueue
    policy: RetryPolicy
    simulation: Simulation
    perform: Perform
    clock: Clock
    telemetry: Telemetry

    def process(self, delivery: Delivery) -> Verdict:
        """Try the task of one message.

        Raises
        ------
        Unavailable
            AWS could not be reached; the message must come back. Nothing is lost: what the table holds
            decides what happens then.
        """
        try:
            message = Message.parse(delivery.body)
        except UnreadableMessage as error:
            self.telemetry.report(Event.UNREADABLE, messageId=delivery.message_id, reason=str(error))
            return ComeBack(after_seconds=0)  # until SQS has counted enough receives to dead-letter it
        if self._is_late(delivery):
            self.telemetry.report(Event.BUSY, taskId=message.task_id, reason="the invocation's time is over")
            return ComeBack()
        try:
            record = self._claim(message, delivery)
        except Refused as refused:
            return self._not_claimed(message, refused.record)
        self.telemetry.report(Event.STARTED, record, receiveCount=delivery.receive_count)
        failure, result = self._work(record, delivery)
        try:
            return self._failed(record, delivery, failure) if failure else self._completed(record, result)
        except Refused:
            # Somebody else claimed the task after my lease ran out; the message is theirs to delete.
            self.telemetry.report(Event.LEASE_LOST, record)
            return ComeBack()

    def _is_late(self, delivery: Delivery) -> bool:
        """Tell whether a lease would be over at once and keep nobody away; a worker with time must try."""
        return self.clock() >= delivery.deadline

    def _claim(self, message: Message, delivery: Delivery) -> TaskRecord:
        attempt = Attempt(message.generation, delivery.receive_count, self.clock(), delivery.request_id)
        token = secrets.token_hex(16)
        return self.store.claim(message, attempt, token, delivery.deadline, delivery.sent_at)

    def _not_claimed(self, message: Message, record: TaskRecord | None) -> Verdict:
        if record is None:  # deleted between condition and answer
            return ComeBack()
        if record.is_settled or record.generation > message.generation:
            self.telemetry.report(Event.DUPLICATE, record, messageGeneration=message.generation)
            return Done()
        if record.permanent:
            return self._give_up(record)
        # Not deleted: it may be the running attempt's own message, needed if its worker dies.
        lease = record.lease_until
        self.telemetry.report(Event.BUSY, record, leaseUntil=lease and to_text(lease))
        left = lease - self.clock() if lease else timedelta()
        return ComeBack(after_seconds=max(int(left.total_seconds()) + 1, 1))

    def _work(self, record: TaskRecord, delivery: Delivery) -> tuple[BaseException | None, Json]:
        """Do the work and return its error, or None and its result."""
        number = len(record.attempts)
        task = Task(record.task_id, record.payload, number, record.generation, record.created_at)
        try:
            self.simulation.check(record.task_id, number)
            result = self.perform(task, WorkContext(delivery.request_id, delivery.deadline))
            return None, _checked_result(result)
        except (Exception, SystemExit) as error:  # work may even call sys.exit(); its neighbours go on
            return error, None

    def _completed(self, record: TaskRecord, result: Json) -> Verdict:
        done = self.store.complete(record, result, self.clock())
        self.telemetry.report(Event.COMPLETED, done)
        if done.completed_at:
            self.telemetry.latency(done.completed_at - done.created_at)
        return Done()

    def _failed(self, record: TaskRecord, delivery: Delivery, error: BaseException) -> Verdict:
        decision = self.policy.decide(error, delivery.receive_count)
        now, retries = self.clock(), decision.next is Next.RETRY
        failed = self.store.fail(
            record,
            Failure.of(error),
            now,
            now + timedelta(seconds=decision.wait_seconds) if retries else None,
            permanent=decision.next is Next.GIVE_UP,
        )
        match decision.next:
            case Next.RETRY:
                self.telemetry.report(Event.RETRY, failed, error=error, waitSeconds=decision.wait_seconds)
                return ComeBack(after_seconds=decision.wait_seconds)
            case Next.EXHAUSTED:
                # Visible at once: SQS moves it to the dead-letter queue instead of delivering it again.
                self.telemetry.report(Event.EXHAUSTED, failed, error=error, waitSeconds=0)
                return ComeBack(after_seconds=0)
            case Next.GIVE_UP:
                self.telemetry.report(Event.GIVEN_UP, failed, error=error, waitSeconds=0)
                return self._give_up(failed)

    def _give_up(self, record: TaskRecord) -> Verdict:
        """Copy the message to the dead-letter queue, so that the original may be deleted."""
        self.dead_letters.send(Message(record.task_id, record.payload, record.generation))
        return Done()


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
