"""A queue with its dead-letter queue, and the function that consumes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_aws as aws

from infra.components import iam
from infra.components.function import TaskFunction
from infra.components.scope import CheckedArgs, ComponentArgs
from infra.settings import limits

# SQS's largest message, 1 MiB. A task's body may have 256 KiB; its message is a little larger.
MAX_MESSAGE_BYTES = 1_048_576
# SQS's longest poll; empty answers cost money.
LONG_POLL_SECONDS = 20


@dataclass(frozen=True)
class Redrive(CheckedArgs):
    """Where messages go that were received too often.

    Attributes
    ----------
    dead_letter_queue
        The queue that they are moved to.
    max_receive_count
        Receives after which a message is moved, 1 to 1000.
    also_from
        What the names of other queues add to this one's name that the dead-letter queue takes messages from.
    allowed_by
        The queue whose `also_from` names this one.
    """

    dead_letter_queue: "TaskQueue"
    max_receive_count: Annotated[int, limits.MAX_RECEIVE_COUNT]
    also_from: Sequence[str] = ()
    allowed_by: "TaskQueue | None" = None


@dataclass(frozen=True)
class TaskQueueArgs(ComponentArgs):
    """Arguments of `TaskQueue`.

    Attributes
    ----------
    visibility_timeout_seconds
        How long a received message stays hidden, 0 to 43200 s; see `limits.visibility_timeout_seconds`.
    retention_days
        How long a message is kept, 1 to 14 days.
    redrive
        Where messages go that were received too often; None for a dead-letter queue.
    protect_data
        Let Pulumi refuse to delete the queue, with the messages in it; SQS has no such protection itself.
    """

    visibility_timeout_seconds: Annotated[int, limits.VISIBILITY_TIMEOUT_SECONDS]
    retention_days: Annotated[int, limits.QUEUE_RETENTION_DAYS]
    redrive: Redrive | None = None
    protect_data: bool = False


class TaskQueue(pulumi.ComponentResource):
    """Creates the queue `taskguard-<stack>-<name>`, encrypted by SQS, and a policy that demands TLS.

    With a redrive, it also allows this queue to use the dead-letter queue, and those that the redrive names:
    a dead-letter queue has one such policy.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    url: pulumi.Output[str]
    redrive_allowed: pulumi.Resource | None

    def __init__(self, name: str, args: TaskQueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("taskguard:queue:TaskQueue", name, None, opts)
        allowed_by = args.redrive.allowed_by if args.redrive else None
        first = allowed_by.redrive_allowed if allowed_by else None
        queue = aws.sqs.Queue(
            name,
            name=args.scope.name(name),
            sqs_managed_sse_enabled=True,
            message_retention_seconds=args.retention_days * limits.SECONDS_A_DAY,
            visibility_timeout_seconds=args.visibility_timeout_seconds,
            receive_wait_time_seconds=LONG_POLL_SECONDS,
            max_message_size=MAX_MESSAGE_BYTES,
            redrive_policy=_redrive_policy(args.redrive) if args.redrive else None,
            tags=args.scope.tags,
            # SQS refuses a redrive policy that the dead-letter queue does not allow.
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.protect_data, depends_on=[first] if first else None
            ),
        )
        self.name, self.arn, self.url = queue.name, queue.arn, queue.url
        aws.sqs.QueuePolicy(
            f"{name}-tls",
            queue_url=queue.url,
            policy=iam.document([iam.deny_without_tls(["sqs:*"], queue.arn)]),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.redrive_allowed = None
        if args.redrive and not allowed_by:
            # A resource of its own: each of the two queues names the other, so one of them must exist first.
            # The others' ARNs follow from this one's, so that each is allowed before it is there.
            others = [pulumi.Output.concat(queue.arn, each) for each in args.redrive.also_from]
            self.redrive_allowed = aws.sqs.RedriveAllowPolicy(
                f"{name}-redrive-allow",
                queue_url=args.redrive.dead_letter_queue.url,
                redrive_allow_policy=pulumi.Output.json_dumps(
                    {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn, *others]}
                ),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"name": self.name, "arn": self.arn, "url": self.url})


def _redrive_policy(redrive: Redrive) -> pulumi.Output[str]:
    return pulumi.Output.json_dumps(
        {"deadLetterTargetArn": redrive.dead_letter_queue.arn, "maxReceiveCount": redrive.max_receive_count}
    )


@dataclass(frozen=True)
class QueueConsumerArgs(ComponentArgs):
    """Arguments of `QueueConsumer`.

    Attributes
    ----------
    queue
        The queue to read from.
    function
        The function that its messages are handed to.
    batch_size
        Most messages in one invocation, 1 to 10000.
    batching_window_seconds
        How long a batch is gathered, 0 to 300 s.
    maximum_concurrency
        Most invocations that the queue may cause at once, 2 to 1000.
    pausable
        Whether a person may pause it, so that no deployment resumes it.
    """

    queue: TaskQueue
    function: TaskFunction
    batch_size: Annotated[int, limits.BATCH_SIZE]
    batching_window_seconds: Annotated[int, limits.BATCHING_WINDOW_SECONDS]
    maximum_concurrency: Annotated[int, limits.MAXIMUM_CONCURRENCY]
    pausable: bool = False


class QueueConsumer(pulumi.ComponentResource):
    """Creates the event source mapping from a queue to a function, with metrics about its messages.

    Failed messages are reported one by one, so that a failing task does not send its whole batch back. The
    mapping limits its own concurrency, so that throttled invocations do not use up a message's receives:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    """

    mapping_id: pulumi.Output[str]

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
            metrics_config={"metrics": ["EventCount"]},
            tags=args.scope.tags,
            # Whoever paused a queue resumes it: a deployment in between must not.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["enabled"] if args.pausable else None),
        )
        self.mapping_id = mapping.uuid
        self.register_outputs({"mappingId": self.mapping_id})
