"""An SQS batch: its messages are handled side by side, and only the failed ones are reported back."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aws_lambda_powertools.utilities.batch import (
    AsyncBatchProcessor,
    EventType,
    async_process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard import aws
from taskguard.clock import Clock
from taskguard.processing import Delivery
from taskguard.telemetry import Telemetry
from taskguard.work import WorkContext

MAX_WORKERS: Final = aws.MAX_CONNECTIONS
"""Most messages handled at a time; the rest of a larger batch waits, unclaimed, for its turn."""

Handle = Callable[[Delivery, WorkContext], bool]
"""Handles one message; True lets SQS delete it, False lets it come back."""


class _ComesBack(Exception):
    """The message is to be reported as failed."""


@dataclass(frozen=True)
class BatchHandler:
    """Handles SQS events and returns partial batch responses.

    Failures are reported and never raised: an exception would send the whole batch back and cost every
    message an attempt (Lambda Developer Guide, "Handling errors for an SQS event source").

    Parameters
    ----------
    workers
        How many messages are handled at a time, at most.
    """

    handle: Handle
    clock: Clock
    telemetry: Telemetry
    workers: int = MAX_WORKERS

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Handle every message of an event, side by side."""
        self.telemetry.begin(context.aws_request_id)
        remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
        invocation = WorkContext(context.aws_request_id, self.clock() + remaining)
        try:
            return self._respond(event, context, invocation)
        finally:
            self.telemetry.flush()

    def _respond(
        self, event: dict[str, Any], context: LambdaContext, invocation: WorkContext
    ) -> dict[str, Any]:
        processor = AsyncBatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        with ThreadPoolExecutor(min(self.workers, len(event["Records"]) or 1)) as pool:

            async def record_handler(record: SQSRecord) -> None:
                loop = asyncio.get_running_loop()
                if not await loop.run_in_executor(pool, self.handle, _delivery(record), invocation):
                    raise _ComesBack

            return dict(async_process_partial_response(event, record_handler, processor, context))


def _delivery(record: SQSRecord) -> Delivery:
    return Delivery(
        body=record.body,
        message_id=record.message_id,
        receipt_handle=record.receipt_handle,
        receive_count=int(record.attributes.approximate_receive_count),
        sent_at=datetime.fromtimestamp(int(record.attributes.sent_timestamp) / 1000, UTC),
    )
