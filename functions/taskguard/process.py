"""One delivery of a task's message: claim, work, report, and what shall happen to the message."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from taskguard.attempt import Running, do_work
from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model import json_text
from taskguard.model.clock import Clock, to_text
from taskguard.model.errors import (
    AwsRefused,
    KindUnavailable,
    RetryAfter,
    TimedOut,
    UnreadableMessage,
)
from taskguard.model.json_text import Json
from taskguard.model.message import AT_ONCE, ComeBack, Delivery, Done, Message, Verdict
from taskguard.model.payload import checked_submission
from taskguard.model.record import (
    Attempt,
    Failure,
    Status,
    TaskRecord,
    child_task_id,
)
from taskguard.model.retry import LONGEST_DELAY, LONGEST_HIDDEN_WAIT, Next, RetryDecision, RetryPolicy
from taskguard.storage.attempts import EARLY_BY, Claim, Wait
from taskguard.storage.aws import Cutoff
from taskguard.storage.queue import LaneQueues, TaskQueue
from taskguard.storage.store import Refused, TaskStore
from taskguard.submit import Origin, Submitter
from taskguard.work import Context, Perform

WAKERS_HORIZON: Final = timedelta(minutes=15)
"""How far ahead the waker sends the messages of tasks that wait in the table; see `taskguard.wake`."""


PASSED_ON_AFTER: Final = timedelta(seconds=2)
"""How long a message waits that was passed on to another lane."""


@dataclass(frozen=True)
class Processor:
    """Tries tasks.

    Parameters
    ----------
    lane
        The lane that this function works for; tasks of kinds in other lanes are passed on.
    tasks
        The lanes' task queues: get the fresh message of a task that waits longer than a message is hidden.
    dead_letters
        Gets a copy of the message of a task that is given up.
    policy
        The stack's; a kind may have figures of its own.
    perform
        The work; see `taskguard.perform`.
    running
        The attempts of the batch that this process works on, by their message's id.
    """

    store: TaskStore
    lane: str
    tasks: LaneQueues
    dead_letters: TaskQueue
    policy: RetryPolicy
    perform: Perform
    clock: Clock
    telemetry: Telemetry
    submitter: Submitter
    running: dict[str, Running] = field(default_factory=dict)

    def process(self, delivery: Delivery) -> Verdict:
        """Try the task of one message.

        Raises
        ------
        AwsError
            A call to AWS failed; the message must come back. Nothing is lost: what the table holds decides
            what happens then.
        """
        try:
            message = Message.parse(delivery.body)
        except UnreadableMessage as error:
            self.telemetry.report(Event.UNREADABLE, messageId=delivery.message_id, reason=str(error))
            return AT_ONCE  # until SQS has counted enough receives to dead-letter it
        lane = self.tasks.kinds.lane_of(message.kind)
        if lane != self.lane:
            return self._passed_on(message, delivery, lane)
        if self.clock() >= delivery.work_until:
            self.telemetry.report(Event.BUSY, taskId=message.task_id, reason="the invocation's time is over")
            return AT_ONCE
        try:
            record = self._claim(message, delivery)
        except Refused as refused:
            return self._not_claimed(message, refused.record)
        running = Running(record, self._work_until(record, delivery))
        self.running[delivery.message_id] = running
        self.telemetry.report(Event.STARTED, record, receiveCount=delivery.receive_count)
        failure, result = self._work(running, delivery)
        record = running.with_children()
        try:
            return self._not_completed(record, failure) if failure else self._completed(record, result)
        except Refused:
            # Somebody else claimed the task after my lease ran out; the message is theirs to delete.
            self.telemetry.report(Event.LEASE_LOST, record)
            return ComeBack()

    def cut_off(self, delivery: Delivery) -> Verdict:
        """Report the attempt of a delivery that is still being processed just before the invocation's end.

        A delivery without an attempt comes back at once. May raise `AwsError`, as `process`.
        """
        running = self.running.get(delivery.message_id)
        if running is None:
            return AT_ONCE
        record = running.with_children()
        ran = self.clock() - record.attempts[-1].started_at
        error = TimedOut(f"still running after {ran.total_seconds():.0f} s, when its time was over")
        try:
            return self._not_completed(record, error)
        except Refused as refused:
            # Its own thread was faster.
            completed = refused.record and refused.record.status is Status.COMPLETED
            return Done() if completed else ComeBack()

    def time_is_over(self, delivery: Delivery) -> bool:
        """Tell whether the attempt of a delivery has run for as long as its kind may."""
        running = self.running.get(delivery.message_id)
        return running is not None and self.clock() >= running.work_until

    def forget(self, delivery: Delivery) -> None:
        """Let go of the attempt of a delivery whose batch is answered.

        Its record, payload and all, would stay in memory for as long as the process lives; and the time of
        the message's next attempt here would be taken for over before it has begun.
        """
        self.running.pop(delivery.message_id, None)

    def _claim(self, message: Message, delivery: Delivery) -> TaskRecord:
        now = self.clock()
        claimed = Claim(
            message,
            Attempt(message.generation, delivery.receive_count, now, delivery.request_id),
            secrets.token_hex(16),
            delivery.deadline,
            delivery.sent_at,
            self._policy_of(message.kind).max_attempts,
        )
        try:
            return self.store.claim(claimed)
        except Refused as refused:
            record = refused.record
            if not record or not record.history_is_full or record.has_live_lease(now):
                raise
            self.store.shorten(record, now)
        return self.store.claim(claimed)

    def _not_claimed(self, message: Message, record: TaskRecord | None) -> Verdict:
        if record is None:  # deleted between condition and answer
            return AT_ONCE
        given_up = record.status in (Status.GIVING_UP, Status.DEAD_LETTERED)
        if given_up and message.dead_letter and record.generation == message.generation:
            return self._redrive(record)
        if record.is_settled or record.generation > message.generation:
            self.telemetry.report(Event.DUPLICATE, record, messageGeneration=message.generation)
            return Done()
        if record.status is Status.GIVING_UP:
            return self._give_up(record)
        return self._not_yet(record)

    def _not_yet(self, record: TaskRecord) -> Verdict:
        """Say what becomes of the message of an open task that cannot be claimed now."""
        now = self.clock()
        if record.has_live_lease(now) and record.lease_until:
            # Not deleted: it may be the running attempt's own message, needed if its worker dies.
            self.telemetry.report(Event.BUSY, record, leaseUntil=to_text(record.lease_until))
            return ComeBack(record.lease_until - now + timedelta(seconds=1))
        if record.not_before and record.not_before > now + EARLY_BY:
            return self._too_early(record, record.not_before - now)
        if record.attempts_used >= self._policy_of(record.kind).max_attempts:
            return self._exhausted(record, now)
        return AT_ONCE  # it changed between condition and answer

    def _too_early(self, record: TaskRecord, left: timedelta) -> Verdict:
        self.telemetry.report(Event.EARLY, record, waitSeconds=left.total_seconds())
        if record.due_at and left > WAKERS_HORIZON + timedelta(minutes=1):
            return Done()  # the waker did not send it, and will send one in time
        return ComeBack(left)

    def _exhausted(self, record: TaskRecord, now: datetime) -> Verdict:
        """Give up a task whose last worker died without a word."""
        try:
            most = self._policy_of(record.kind).max_attempts
            given_up = self.store.exhaust(record, record.cause_of_death(), now, most)
        except Refused:
            return AT_ONCE
        self.telemetry.report(Event.EXHAUSTED, given_up)
        return self._give_up(given_up)

    def _redrive(self, record: TaskRecord) -> Verdict:
        """Try a task again whose dead letter somebody has moved back to the task queue on purpose."""
        now = self.clock()
        self.tasks.send(Message.of(record, generation=record.generation + 1, sent_at=now))
        try:
            self.telemetry.report(Event.REDRIVEN, self.store.redrive(record, now))
        except Refused as refused:  # a worker was faster, or another redrive
            self.telemetry.report(Event.DUPLICATE, refused.record)
        return Done()

    def _passed_on(self, message: Message, delivery: Delivery, lane: str) -> Verdict:
        """Send a message on to the lane that its kind has moved to, and only then let it go.

        Unchanged, so that the record still says when it was sent; and a little later, so that it does not go
        round and round while functions are updated one after the other.
        """
        self.tasks.lane(lane).send_body(delivery.body, PASSED_ON_AFTER)
        self.telemetry.report(Event.PASSED_ON, taskId=message.task_id, kind=message.kind, lane=lane)
        return Done()

    def _policy_of(self, kind: str | None) -> RetryPolicy:
        """Return how a kind is retried: the figures that are deployed, whichever held at its submission."""
        found = self.tasks.kinds.find(kind)
        return self.policy.of_kind(found.kind) if found else self.policy

    def _work_until(self, record: TaskRecord, delivery: Delivery) -> datetime:
        found = self.tasks.kinds.find(record.kind)
        if found is None or found.kind.timeout_seconds is None:
            return delivery.work_until
        started = record.attempts[-1].started_at
        return min(started + timedelta(seconds=found.kind.timeout_seconds), delivery.work_until)

    def _work(self, running: Running, delivery: Delivery) -> tuple[BaseException | None, Json]:
        """Do the work and return its error, or None and its result."""
        record = running.record
        context = Context(
            record.task_id,
            self.tasks.kinds.canonical(record.kind),
            record.attempt_count,
            record.generation,
            record.created_at,
            running.work_until,
            delivery.request_id,
            partial(self._submit, running, Cutoff.of_this_thread()),
        )
        return do_work(self.perform, record.payload, context)

    def _submit(self, running: Running, cutoff: Cutoff, kind: str, payload: Json, key: str) -> str:
        """Submit a child of a running task, which is noted in the record when the attempt is reported.

        Work may do so in threads of its own: they end with the attempt's.
        """
        parent = running.record
        wanted = checked_submission(self.tasks.kinds, kind, payload)
        child_id = child_task_id(parent.task_id, wanted.kind, json_text.digest(payload), key)
        origin = Origin(
            secrets.token_hex(16), parent.correlation_id or parent.task_id, parent_id=parent.task_id
        )
        with cutoff.guarding():
            self.submitter.submit(replace(wanted, task_id=child_id), origin)
        running.children.append(child_id)
        return child_id

    def _completed(self, record: TaskRecord, result: Json) -> Verdict:
        try:
            done = self.store.complete(record, result, self.clock())
        except AwsRefused as error:
            return self._result_refused(record, error)
        self.telemetry.report(Event.COMPLETED, done)
        if done.completed_at:
            self.telemetry.latency(done.completed_at - done.created_at)
        return Done()

    def _result_refused(self, record: TaskRecord, error: AwsRefused) -> Verdict:
        """Give up a task whose result cannot be kept, rather than do its work again and again."""
        self.telemetry.aws_failed(error, record)
        failure = Failure("ResultRefused", f"the work is done, but its result could not be kept: {error}")
        failed = self.store.fail(record, failure, self.clock())
        self.telemetry.report(Event.GIVEN_UP, failed)
        return self._give_up(failed)

    def _not_completed(self, record: TaskRecord, error: BaseException) -> Verdict:
        now = self.clock()
        decision = self._policy_of(record.kind).decide(error, record, now)
        if decision.next is Next.POSTPONE:
            return self._postponed(record, error, now, decision.wait)
        wait = _wait(decision, now) if decision.next is Next.RETRY else None
        failed = self.store.fail(record, _failure(error, decision), now, wait)
        if isinstance(error, TimedOut):
            self.telemetry.report(Event.TIMED_OUT, failed)
        if wait is None:
            event = Event.EXHAUSTED if decision.next is Next.EXHAUSTED else Event.GIVEN_UP
            self.telemetry.report(event, failed, error=error)
            return self._give_up(failed)
        seconds = decision.wait.total_seconds()
        self.telemetry.report(Event.RETRY, failed, error=error, waitSeconds=seconds)
        return self._waiting(failed, wait, decision.wait)

    def _postponed(
        self, record: TaskRecord, error: BaseException, now: datetime, asked: timedelta
    ) -> Verdict:
        if isinstance(error, KindUnavailable):
            self.telemetry.report(Event.KIND_UNAVAILABLE, record, reason=str(error)[:500])
        wait = _fresh(now + asked, now)
        postponed = self.store.postpone(record, Failure.of(error), now, wait)
        self.telemetry.report(
            Event.POSTPONED, postponed, reason=str(error)[:500], waitSeconds=asked.total_seconds()
        )
        return self._waiting(postponed, wait, asked)

    def _waiting(self, record: TaskRecord, wait: Wait, left: timedelta) -> Verdict:
        """Let the message wait, or replace it by one that is sent when the wait is over."""
        if wait.due_at:
            return Done()  # the waker sends one
        if not wait.sent_at:
            return ComeBack(left)
        # Recorded first: if this fails, the present message comes back and finds what the record says.
        self.tasks.send(Message.of(record, sent_at=wait.sent_at), left)
        return Done()

    def _give_up(self, record: TaskRecord) -> Verdict:
        """Copy the message to the dead-letter queue, so that the original may be deleted."""
        self.dead_letters.send(Message.of(record, dead_letter=True))
        return Done()


def _wait(decision: RetryDecision, now: datetime) -> Wait:
    """Return where a failed task waits: a short wait is its message's, hidden."""
    until = now + decision.wait
    return Wait(until) if decision.wait <= LONGEST_HIDDEN_WAIT else _fresh(until, now)


def _fresh(until: datetime, now: datetime) -> Wait:
    """Return a wait that ends with a message sent anew: now and delayed, or later by the waker."""
    return Wait(until, sent_at=now) if until - now <= LONGEST_DELAY else Wait(until, due_at=until)


def _failure(error: BaseException, decision: RetryDecision) -> Failure:
    if isinstance(error, RetryAfter) and decision.next is Next.EXHAUSTED:
        return Failure.of(error, type_name="DeadlineExceeded")
    return Failure.of(error)
