"""A queue that calls a function."""

from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_aws as aws

from infra import limits
from infra.function import TaskFunction
from infra.problems import CheckedArgs
from infra.queue import TaskQueue
from infra.scope import Scope


@dataclass(frozen=True)
class QueueConsumerArgs(CheckedArgs):
    """Arguments of `QueueConsumer`.

    Attributes
    ----------
    scope
        The stack's names and tags.
    queue
        The queue to read from.
    function
        The function that gets its messages.
    batch_size
        Most messages in one call, 1 to 10000.
    batching_window_seconds
        How long to gather them, 0 to 300 s.
    maximum_concurrency
        Most copies of the function that the queue may start, 2 to 1000.
    """

    scope: Scope
    queue: TaskQueue
    function: TaskFunction
    batch_size: Annotated[int, limits.BATCH_SIZE]
    batching_window_seconds: Annotated[int, limits.BATCHING_WINDOW_SECONDS]
    maximum_concurrency: Annotated[int, limits.MAXIMUM_CONCURRENCY]


class QueueConsumer(pulumi.ComponentResource):
    """Creates the event source mapping from a queue to a function.

    It reports failed messages one by one, so that a failing task does not bring its neighbours back, and
    bounds its own concurrency, so that throttled deliveries do not use up a message's receives:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """

    def __init__(
        self, name: str, args: QueueConsumerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("taskguard:consumer:QueueConsumer", name, None, opts)
        mapping = aws.lambda_.EventSourceMapping(
            name,
            event_source_arn=args.queue.arn,
            function_name=args.function.arn,
            batch_size=args.batch_size,
            maximum_batching_window_in_seconds=args.batching_window_seconds,
            scaling_config={"maximum_concurrency": args.maximum_concurrency},
            function_response_types=["ReportBatchItemFailures"],
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"mappingId": mapping.uuid})
