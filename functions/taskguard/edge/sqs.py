"""An SQS batch: its messages are handled side by side, and what is to become of each is done to it here.

A message that is still being handled just before the invocation's end would keep the whole batch from being
answered. So its attempt is reported for it, every other message gets what it is due, and the process ends:

    claim        work_until      deadline
      |---- work ----|-- report --|
                     3 s before the deadline: attempts that still run are reported as timed out, finished
                     messages deleted, unclaimed ones made visible; then the process ends itself, for a
                     thread cannot be stopped, and must not go on beside the next attempt

An attempt whose kind gives it less time is reported when that is over, and the rest of the batch goes on.

Powertools' batch processor works one after the other, or through asyncio, which would be paid for at every
cold start; threads and a list need neither (docs/decisions, 17).
"""

import os
import sys
from collections.abc import Callable, Sequence
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NoReturn, TypeAlias, TypedDict

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model.clock import Clock
from taskguard.model.errors import AwsError, MessageGone
from taskguard.model.message import ComeBack, Delivery, Done, Verdict
from taskguard.storage.aws import MAX_CONNECTIONS, Cutoff
from taskguard.storage.queue import TaskQueue

MAX_WORKERS: Final = MAX_CONNECTIONS
"""Most messages handled at a time; the rest of a larger batch waits, unclaimed, for its turn."""

LOOK_EVERY: Final = timedelta(seconds=0.5)
"""How often an invocation looks for attempts whose kind's time is over, if any kind has less than it."""

REPORTING_TIME: Final = timedelta(seconds=3)
"""Time before the invocation's deadline that is kept for reporting attempts which are still running."""


class SqsRecord(TypedDict):
    """A message in an SQS event, as far as it is read here."""

    messageId: str
    receiptHandle: str
    body: str
    attributes: dict[str, str]


class SqsEvent(TypedDict):
    """What Lambda hands to a function that a queue calls."""

    Records: list[SqsRecord]


class BatchItemFailure(TypedDict):
    """A message that is not to be deleted, by its message id."""

    itemIdentifier: str


class BatchResponse(TypedDict):
    """The partial batch response: SQS deletes every message that it does not name."""

    batchItemFailures: list[BatchItemFailure]


Handle: TypeAlias = Callable[[Delivery], Verdict]
"""Handles one message and says what shall happen to it; may raise `AwsError`."""

Waiter: TypeAlias = Callable[[Sequence[Future[Verdict]], timedelta], None]
"""Waits until all are done, at most for so long."""


def wait_for(handled: Sequence[Future[Verdict]], most: timedelta) -> None:
    """Wait until all are done, at most for so long, but give each the time to find that it is too late."""
    futures.wait(handled, max(most.total_seconds(), 1))


def end_process() -> NoReturn:
    """End this execution environment at once, with its threads; Lambda starts another when it needs one."""
    sys.stdout.flush()
    os._exit(1)


@dataclass(frozen=True)
class LastWords:
    """How deliveries are reported that are still being handled just before the invocation's end.

    Parameters
    ----------
    cut_off
        Reports one for the thread that handles it, and says what shall happen to its message.
    queue
        The consumer's queue, by a client that tries once and shortly.
    forget
        Called for each delivery when its batch is answered: nothing is asked about it any more.
    time_is_over
        Whether a delivery's attempt has used up the time of its kind; None if no kind has less than the
        invocation.
    """

    cut_off: Handle
    queue: TaskQueue
    forget: Callable[[Delivery], None]
    time_is_over: Callable[[Delivery], bool] | None = None


@dataclass(frozen=True)
class Consumer:
    """Handles a queue's events and returns partial batch responses.

    Failures are reported and never raised: an exception would send the whole batch back and cost every
    message a receive (Lambda Developer Guide, "Handling errors for an SQS event source in Lambda").

    Parameters
    ----------
    queue
        Where the messages come from, and where they wait.
    last_words
        What is done about messages that take too long; None to wait for them until Lambda stops the
        invocation.
    renews
        Whether a message that is gone, although it was to wait, is sent anew.
    workers
        How many messages are handled at a time, at most.
    wait, end
        How to wait for messages and how to end the process; tests have other ways.
    """

    handle: Handle
    queue: TaskQueue
    clock: Clock
    telemetry: Telemetry
    last_words: LastWords | None = None
    renews: bool = False
    workers: int = MAX_WORKERS
    wait: Waiter = wait_for
    end: Callable[[], NoReturn] = end_process

    def consume(self, event: SqsEvent, context: LambdaContext) -> BatchResponse:
        """Handle every message of an event, side by side."""
        remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
        deadline = self.clock() + remaining
        with self.telemetry.invocation(context.aws_request_id):
            return self._respond(
                [_Handling(_delivery(each, context.aws_request_id, deadline)) for each in event["Records"]],
                remaining - REPORTING_TIME,
            )

    def _respond(self, handlings: list["_Handling"], most: timedelta) -> BatchResponse:
        pool = ThreadPoolExecutor(min(self.workers, len(handlings) or 1))
        handled = [pool.submit(self._handle, each) for each in handlings]
        for handling, future in zip(handlings, handled, strict=True):
            handling.future = future
        if self.last_words:
            self._watch(self.last_words, handlings, most)
            if not all(each.future.done() for each in handlings):
                self._cut_off(self.last_words, handlings)
        pool.shutdown()
        if self.last_words:
            for each in handlings:
                self.last_words.forget(each.delivery)
        return {
            "batchItemFailures": [
                {"itemIdentifier": each.delivery.message_id} for each in handlings if not each.is_done
            ]
        }

    def _watch(self, last_words: LastWords, handlings: list["_Handling"], most: timedelta) -> None:
        """Wait until all are done, at most for so long; cut off on the way what its kind gives less time."""
        end = self.clock() + most
        running = handlings
        while last_words.time_is_over and running and self.clock() < end:
            self.wait([each.future for each in running], min(end - self.clock(), LOOK_EVERY))
            for each in running:
                if not each.future.done() and last_words.time_is_over(each.delivery):
                    self._cut(last_words, [each])
            running = [each for each in running if not each.future.done() and each.cut_verdict is None]
        self.wait([each.future for each in running], end - self.clock())

    def _handle(self, handling: "_Handling") -> Verdict:
        """Handle one message and hide it for as long as its verdict says.

        Where AWS cannot be reached, the message comes back after the queue's visibility timeout.
        """
        handling.cutoff.guard_this_thread()
        delivery = handling.delivery
        try:
            return self._carry_out(self.handle(delivery), delivery, self.queue)
        except AwsError as error:
            self.telemetry.aws_failed(error, messageId=delivery.message_id)
            return ComeBack()
        except Exception as error:  # a bug of ours: its message comes back, its neighbours are not touched
            self.telemetry.report(Event.CRASHED, messageId=delivery.message_id, error=error)
            return ComeBack()

    def _carry_out(self, verdict: Verdict, delivery: Delivery, queue: TaskQueue) -> Verdict:
        """Hide the message for as long as its verdict says, or send it anew if it is gone meanwhile."""
        if not isinstance(verdict, ComeBack) or verdict.after is None:
            return verdict
        try:
            queue.hide(delivery.receipt_handle, verdict.after)
        except MessageGone as error:
            self.telemetry.report(Event.GONE, messageId=delivery.message_id, code=error.code)
            if self.renews:
                queue.send_body(delivery.body, verdict.after)
            return Done()
        return verdict

    def _cut(self, last_words: LastWords, running: list["_Handling"]) -> None:
        """Let the threads of attempts that still run do nothing more at AWS, and report for them."""
        for each in running:
            each.cutoff.cut()
        with ThreadPoolExecutor(len(running) or 1) as pool:
            verdicts = list(pool.map(lambda each: self._last_word(last_words, each.delivery), running))
        for each, verdict in zip(running, verdicts, strict=True):
            each.cut_verdict = verdict

    def _cut_off(self, last_words: LastWords, handlings: list["_Handling"]) -> NoReturn:
        """Report what still runs, settle all that is finished, and end the process."""
        self._cut(
            last_words, [each for each in handlings if not each.future.done() and each.cut_verdict is None]
        )
        try:
            last_words.queue.delete([each.delivery.receipt_handle for each in handlings if each.is_done])
        except AwsError as error:  # they come back, and are found to be settled
            self.telemetry.aws_failed(error)
        self.telemetry.flush()
        self.end()

    def _last_word(self, last_words: LastWords, delivery: Delivery) -> Verdict:
        try:
            return self._carry_out(last_words.cut_off(delivery), delivery, last_words.queue)
        except AwsError as error:
            self.telemetry.aws_failed(error, messageId=delivery.message_id)
            return ComeBack()


@dataclass
class _Handling:
    """A message that is being handled, and what keeps its thread from going on too long.

    Parameters
    ----------
    future
        What its thread says shall happen to it.
    cut_verdict
        What was said in the thread's place, when its time was over; whatever it says itself counts no more.
    """

    delivery: Delivery
    cutoff: Cutoff = field(default_factory=Cutoff)
    future: Future[Verdict] = field(default_factory=Future)
    cut_verdict: Verdict | None = None

    @property
    def is_done(self) -> bool:
        """Whether the message has served its purpose."""
        verdict = self.cut_verdict or (self.future.result() if self.future.done() else None)
        return isinstance(verdict, Done)


def _delivery(record: SqsRecord, request_id: str, deadline: datetime) -> Delivery:
    attributes = record["attributes"]
    return Delivery(
        body=record["body"],
        message_id=record["messageId"],
        receipt_handle=record["receiptHandle"],
        receive_count=int(attributes["ApproximateReceiveCount"]),
        sent_at=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
        request_id=request_id,
        deadline=deadline,
        work_until=deadline - REPORTING_TIME,
    )
