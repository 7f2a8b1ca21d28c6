"""An SQS batch: its messages are handled side by side, and only the failed ones are reported back.

Powertools' batch processor works one after the other, or through asyncio, which would be paid for at every
cold start; threads and a list need neither (README, decisions).
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeAlias

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model.clock import Clock
from taskguard.process import Delivery
from taskguard.storage import aws
from taskguard.work import WorkContext

MAX_WORKERS: Final = aws.MAX_CONNECTIONS
"""Most messages handled at a time; the rest of a larger batch waits, unclaimed, for its turn."""

Handle: TypeAlias = Callable[[Delivery, WorkContext], bool]
"""Handles one message; True lets SQS delete it, False lets it come back."""


@dataclass(frozen=True)
class BatchHandler:
    """Handles SQS events and returns partial batch responses.

    Failures are reported and never raised: an exception would send the whole batch back and cost every
    message an attempt (Lambda Developer Guide, "Handling errors for an SQS event source in Lambda").

    Parameters
    ----------
    workers
        How many messages are handled at a time, at most.
    """

    handle: Handle
    clock: Clock
    telemetry: Telemetry
    workers: int = MAX_WORKERS

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Handle every message of an event, side by side."""
        self.telemetry.begin(context.aws_request_id)
        remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
        invocation = WorkContext(context.aws_request_id, self.clock() + remaining)
        try:
            return self._respond(event, invocation)
        finally:
            self.telemetry.flush()

    def _respond(self, event: Mapping[str, Any], invocation: WorkContext) -> dict[str, Any]:
        deliveries = [_delivery(record) for record in event["Records"]]
        with ThreadPoolExecutor(min(self.workers, len(deliveries) or 1)) as pool:
            done = list(pool.map(partial(self._handle, invocation), deliveries))
        failed = [delivery for delivery, ok in zip(deliveries, done, strict=True) if not ok]
        return {"batchItemFailures": [{"itemIdentifier": delivery.message_id} for delivery in failed]}

    def _handle(self, invocation: WorkContext, delivery: Delivery) -> bool:
        try:
            return self.handle(delivery, invocation)
        except Exception as error:  # a bug of ours: its message comes back, its neighbours are not touched
            self.telemetry.report(Event.CRASHED, messageId=delivery.message_id, error=error)
            return False


def _delivery(record: Mapping[str, Any]) -> Delivery:
    attributes = record["attributes"]
    return Delivery(
        body=record["body"],
        message_id=record["messageId"],
        receipt_handle=record["receiptHandle"],
        receive_count=int(attributes["ApproximateReceiveCount"]),
        sent_at=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
    )
