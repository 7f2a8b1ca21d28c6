"""The metrics that alarms and dashboard read, by what they are about."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.components.api import STAGE
from infra.components.scope import METRICS_NAMESPACE

OLDEST_MESSAGE_AGE = "ApproximateAgeOfOldestMessage"
# Messages that wait, and messages that a consumer has received and not yet deleted.
QUEUE_DEPTH = ("ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible")


@dataclass(frozen=True)
class Metric:
    """A metric as CloudWatch identifies it: by namespace, name and all its dimensions."""

    namespace: str
    name: str
    dimensions: Mapping[str, pulumi.Input[str]]


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
    task_queue, dead_letter_queue, table
        Physical names.
    table_operations
        The operations that the functions call on the table, such as `PutItem`.
    api_id
        The API's id.
    retry_span_seconds
        From the start of a task's first attempt to the end of its last, at worst.
    """

    service: str
    functions: Mapping[str, pulumi.Input[str]]
    timeouts_seconds: Mapping[str, int]
    task_queue: pulumi.Input[str]
    dead_letter_queue: pulumi.Input[str]
    table: pulumi.Input[str]
    table_operations: tuple[str, ...]
    api_id: pulumi.Input[str]
    retry_span_seconds: int

    def own_metric(self, name: str) -> Metric:
        """Return a metric that the functions publish themselves, such as `TaskCompleted`."""
        return Metric(METRICS_NAMESPACE, name, {"service": self.service})

    def function_metric(self, key: str, name: str) -> Metric:
        """Return a metric that Lambda publishes about a function."""
        return Metric("AWS/Lambda", name, {"FunctionName": self.functions[key]})

    def api_metric(self, name: str) -> Metric:
        """Return a metric that API Gateway publishes about the API."""
        return Metric("AWS/ApiGateway", name, {"ApiId": self.api_id, "Stage": STAGE})

    def table_metric(self, name: str, **dimensions: str) -> Metric:
        """Return a metric that DynamoDB publishes about the table, or with `dimensions` about a part."""
        return Metric("AWS/DynamoDB", name, {"TableName": self.table, **dimensions})


def queue_metric(queue: pulumi.Input[str], name: str) -> Metric:
    """Return a metric that SQS publishes about the queue with this physical name."""
    return Metric("AWS/SQS", name, {"QueueName": queue})
