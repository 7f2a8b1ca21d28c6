"""A queue, and where it puts what cannot be processed."""

from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_aws as aws

from infra.components import policy
from infra.components.function import TaskFunction
from infra.components.scope import Scope
from infra.settings import limits
from infra.settings.problems import CheckedArgs

# SQS's largest message, 1 MiB. A task's body may have 256 KiB, and its message is a little larger than that.
MAX_MESSAGE_BYTES = 1_048_576
# SQS's longest poll; empty answers cost money.
LONG_POLL_SECONDS = 20
SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class TaskQueueArgs(CheckedArgs):
    """Arguments of `TaskQueue`.

    Attributes
    ----------
    scope
        The stack's names and tags.
    visibility_timeout_seconds
        How long a received message stays hidden; see `infra.settings.checks.visibility_timeout_seconds`.
    retention_days
        How long a message is kept, 1 to 14 days.
    redrive
        Where messages go after too many receives; none for a dead-letter queue.
    """

    scope: Scope
    visibility_timeout_seconds: Annotated[int, limits.VISIBILITY_TIMEOUT_SECONDS]
    retention_days: Annotated[int, limits.QUEUE_RETENTION_DAYS]
    redrive: "Redrive | None" = None


class TaskQueue(pulumi.ComponentResource):
    """Creates the queue `taskguard-<stack>-<name>`, encrypted by SQS, and a policy that demands TLS.

    With a redrive, also the dead-letter queue's permission, which lets this queue alone use it.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    url: pulumi.Output[str]

    def __init__(self, name: str, args: TaskQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("taskguard:queue:TaskQueue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        queue = aws.sqs.Queue(
            name,
            name=args.scope.name(name),
            sqs_managed_sse_enabled=True,
            message_retention_seconds=args.retention_days * SECONDS_A_DAY,
            visibility_timeout_seconds=args.visibility_timeout_seconds,
            receive_wait_time_seconds=LONG_POLL_SECONDS,
            max_message_size=MAX_MESSAGE_BYTES,
            redrive_policy=args.redrive.policy() if args.redrive else None,
            tags=args.scope.tags,
            opts=child,
        )
        self.name, self.arn, self.url = queue.name, queue.arn, queue.url
        aws.sqs.QueuePolicy(
            f"{name}-tls",
            queue_url=queue.url,
            policy=policy.document([policy.deny_without_tls(["sqs:*"], queue.arn)]),
            opts=child,
        )
        if args.redrive:
            args.redrive.allow_from(f"{name}-redrive-allow", queue.arn, child)
        self.register_outputs({"name": self.name, "arn": self.arn, "url": self.url})


@dataclass(frozen=True)
class Redrive(CheckedArgs):
    """Where messages go that were received too often.

    Attributes
    ----------
    dead_letter_queue
        The queue that takes them.
    max_receive_count
        Receives after which a message is moved, 1 to 100.
    """

    dead_letter_queue: TaskQueue
    max_receive_count: Annotated[int, limits.MAX_ATTEMPTS]

    def policy(self) -> pulumi.Output[str]:
        """Return the source queue's redrive policy."""
        return pulumi.Output.json_dumps(
            {"deadLetterTargetArn": self.dead_letter_queue.arn, "maxReceiveCount": self.max_receive_count}
        )

    def allow_from(self, name: str, source_arn: pulumi.Output[str], opts: pulumi.ResourceOptions) -> None:
        """Let one source use the dead-letter queue; a resource apart, as each queue names the other."""
        aws.sqs.RedriveAllowPolicy(
            name,
            queue_url=self.dead_letter_queue.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [source_arn]}
            ),
            opts=opts,
        )


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
