"""An SQS batch: its messages are handled side by side, and what is to become of each is done to it here.

Powertools' batch processor works one after the other, or through asyncio, which would be paid for at every
cold start; threads and a list need neither (docs/decisions, 17).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias, TypedDict

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model.clock import Clock
from taskguard.model.errors import Unavailable
from taskguard.model.message import ComeBack, Delivery, Done, Verdict
from taskguard.storage.aws import MAX_CONNECTIONS
from taskguard.storage.queue import TaskQueue

MAX_WORKERS: Final = MAX_CONNECTIONS
"""Most messages handled at a time; the rest of a larger batch waits, unclaimed, for its turn."""


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
"""Handles one message and says what shall happen to it; may raise `Unavailable`."""


@dataclass(frozen=True)
class Consumer:
    """Handles a queue's events and returns partial batch responses.

    Failures are reported and never raised: an exception would send the whole batch back and cost every
    message a receive (Lambda Developer Guide, "Handling errors for an SQS event source in Lambda").

    Parameters
    ----------
    queue
        Where the messages come from, and where they wait.
    workers
        How many messages are handled at a time, at most.
    """

    handle: Handle
    queue: TaskQueue
    clock: Clock
    telemetry: Telemetry
    workers: int = MAX_WORKERS

    def consume(self, event: SqsEvent, context: LambdaContext) -> BatchResponse:
        """Handle every message of an event, side by side."""
        remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
        deadline = self.clock() + remaining
        with self.telemetry.invocation(context.aws_request_id):
            return self._respond(
                [_delivery(each, context.aws_request_id, deadline) for each in event["Records"]]
            )

    def _respond(self, deliveries: list[Delivery]) -> BatchResponse:
        with ThreadPoolExecutor(min(self.workers, len(deliveries) or 1)) as pool:
            verdicts = list(pool.map(self._handle, deliveries))
        return {
            "batchItemFailures": [
                {"itemIdentifier": delivery.message_id}
                for delivery, verdict in zip(deliveries, verdicts, strict=True)
                if not isinstance(verdict, Done)
            ]
        }

    def _handle(self, delivery: Delivery) -> Verdict:
        """Handle one message and hide it for as long as its verdict says.

        Where AWS cannot be reached, the message comes back after the queue's visibility timeout.
        """
        try:
            verdict = self.handle(delivery)
            if isinstance(verdict, ComeBack) and verdict.after_seconds is not None:
                self.queue.hide(delivery.receipt_handle, verdict.after_seconds)
        except Unavailable as error:
            self.telemetry.report(Event.UNAVAILABLE, messageId=delivery.message_id, error=error)
            return ComeBack()
        except Exception as error:  # a bug of ours: its message comes back, its neighbours are not touched
            self.telemetry.report(Event.CRASHED, messageId=delivery.message_id, error=error)
            return ComeBack()
        return verdict


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
    )
