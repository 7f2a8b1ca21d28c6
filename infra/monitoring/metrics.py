"""The metrics that alarms and dashboard read, by what they are about."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.components.api import STAGE
from infra.components.scope import METRICS_NAMESPACE

OLDEST_MESSAGE_AGE = "ApproximateAgeOfOldestMessage"
MESSAGES_WAITING = "ApproximateNumberOfMessagesVisible"
MESSAGES_IN_FLIGHT = "ApproximateNumberOfMessagesNotVisible"
# Messages that wait, and messages that a consumer has received and not yet deleted.
QUEUE_DEPTH = (MESSAGES_WAITING, MESSAGES_IN_FLIGHT)
# API Gateway publishes nothing about 429 alone: a metric filter on the access log counts them.
API_THROTTLED = "ApiThrottled"


@dataclass(frozen=True)
class Metric:
    """A metric as CloudWatch identifies it: by namespace, name and all its dimensions."""

    namespace: str
    name: str
    dimensions: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True)
class WatchedLane:
    """What alarms need to know of a lane.

    Attributes
    ----------
    queue
        Physical name of its task queue.
    function
        Key of the function that does its tasks.
    longest_life_seconds
        From a task's first receive until it is given up, at worst.
    """

    queue: pulumi.Input[str]
    function: str
    longest_life_seconds: int


@dataclass(frozen=True)
class Watched:
    """What alarms and dashboard need to know of a stack.

    Attributes
    ----------
    service
        Value of the dimension `service` of TaskGuard's own metrics.
    functions
        Physical names, by the keys of the table of needs.
    timeouts_seconds
        The functions' timeouts, by the same keys.
    api_functions
        Keys of those that the API invokes.
    mappings
        Ids of the event source mappings, by the keys of the functions that they invoke.
    lanes
        The lanes, by name.
    dead_letter_queue, table
        Physical names.
    table_operations
        The operations that the functions call on the table, such as `PutItem`.
    api_id
        The API's id.
    api_rate_limit
        Requests per second that the API accepts steadily.
    access_log
        Name of the log group of the API's access log.
    dead_letter_ttl_days
        Days for which the record of a dead letter is kept.
    """

    service: str
    functions: Mapping[str, pulumi.Input[str]]
    timeouts_seconds: Mapping[str, int]
    api_functions: tuple[str, ...]
    mappings: Mapping[str, pulumi.Input[str]]
    lanes: Mapping[str, WatchedLane]
    dead_letter_queue: pulumi.Input[str]
    table: pulumi.Input[str]
    table_operations: tuple[str, ...]
    api_id: pulumi.Input[str]
    api_rate_limit: int
    access_log: pulumi.Input[str]
    dead_letter_ttl_days: int

    @property
    def task_queues(self) -> tuple[pulumi.Input[str], ...]:
        """Physical names of the task queues."""
        return tuple(lane.queue for lane in self.lanes.values())

    def own_metric(self, name: str) -> Metric:
        """Return a metric that the functions publish themselves, such as `TaskCompleted`."""
        return Metric(METRICS_NAMESPACE, name, {"service": self.service})

    def function_metric(self, key: str, name: str) -> Metric:
        """Return a metric that Lambda publishes about a function."""
        return Metric("AWS/Lambda", name, {"FunctionName": self.functions[key]})

    def mapping_metric(self, key: str, name: str) -> Metric:
        """Return a metric that Lambda publishes about the event source mapping that invokes a function.

        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics
        """
        return Metric("AWS/Lambda", name, {"EventSourceMappingUUID": self.mappings[key]})

    def api_metric(self, name: str) -> Metric:
        """Return a metric that API Gateway publishes about the API."""
        return Metric("AWS/ApiGateway", name, {"ApiId": self.api_id, "Stage": STAGE})

    @property
    def api_throttled(self) -> Metric:
        """The metric that the access log's filter counts answers 429 in.

        A filter's metric cannot have a dimension of a fixed value, so the namespace names the stack.
        """
        return Metric(f"{METRICS_NAMESPACE}/{self.service}", API_THROTTLED, {})

    def table_metric(self, name: str, **dimensions: str) -> Metric:
        """Return a metric that DynamoDB publishes about the table, or with `dimensions` about a part."""
        return Metric("AWS/DynamoDB", name, {"TableName": self.table, **dimensions})


def queue_metric(queue: pulumi.Input[str], name: str) -> Metric:
    """Return a metric that SQS publishes about the queue with this physical name."""
    return Metric("AWS/SQS", name, {"QueueName": queue})
