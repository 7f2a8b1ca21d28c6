"""The metrics that AWS and the functions publish, and those that alarms and dashboard read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.proofs.conformance.recording import Recording
from tests.support.fake_outputs import fake_uuid
from tests.support.program import ProgramRun, Registered

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
METRIC_FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"


@dataclass(frozen=True, order=True)
class Metric:
    """A metric as CloudWatch knows it: its name and all dimensions are its identity."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> "Metric":
        """Return the metric that an alarm or a query of one names."""
        dimensions = inputs.get("dimensions") or {}
        return cls(inputs["namespace"], inputs["metricName"], tuple(sorted(dimensions.items())))


def alarm_metrics(alarm: Registered) -> list[Metric]:
    """Return what an alarm reads."""
    queries = [query["metric"] for query in alarm.inputs.get("metricQueries", []) if "metric" in query]
    return [Metric.of(each) for each in queries or [alarm.inputs]]


def dashboard_metrics(run: ProgramRun) -> Iterator[Metric]:
    """Yield what the dashboard's charts show.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    body = run.one("aws:cloudwatch/dashboard:Dashboard", "dashboard").json("dashboardBody")
    for widget in body["widgets"]:
        for row in widget["properties"].get("metrics", []):
            namespace, name, *pairs = (each for each in row if isinstance(each, str))
            yield Metric(namespace, name, tuple(sorted(zip(pairs[::2], pairs[1::2], strict=True))))


def emitted_metrics(recorded: Recording) -> set[Metric]:
    """Return what the functions' log lines in embedded metric format become.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    return {
        Metric(directive["Namespace"], metric["Name"], tuple(sorted((key, line[key]) for key in keys)))
        for line in recorded.lines
        if "_aws" in line
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
        for keys in directive["Dimensions"]
    }


def filtered_metrics(run: ProgramRun) -> set[Metric]:
    """Return what metric filters make of log lines."""
    made = [each.inputs["metricTransformation"] for each in run.all(METRIC_FILTER)]
    return {Metric(each["namespace"], each["name"], ()) for each in made}


def known_values(run: ProgramRun) -> dict[str, set[str]]:
    """Return the values that each of AWS's dimensions can have in a stack."""
    functions = {each.inputs["name"] for each in run.all("aws:lambda/function:Function")}
    tables = run.all("aws:dynamodb/table:Table")
    return {
        "FunctionName": functions,
        "QueueName": {each.inputs["name"] for each in run.all("aws:sqs/queue:Queue")},
        "TableName": {each.inputs["name"] for each in tables},
        "GlobalSecondaryIndexName": {
            index["name"] for each in tables for index in each.inputs["globalSecondaryIndexes"]
        },
        "ApiId": {each.inputs["apiId"] for each in run.all("aws:apigatewayv2/stage:Stage")},
        "EventSourceMappingUUID": {fake_uuid(each.name) for each in run.all(MAPPING)},
        "Stage": {each.inputs["name"] for each in run.all("aws:apigatewayv2/stage:Stage")},
    }


Dimensions = frozenset[str]


def _sets(*names: str) -> frozenset[Dimensions]:
    return frozenset(frozenset(filter(None, each.split(" "))) for each in names)


def _each(metrics: str, *dimensions: str) -> dict[str, frozenset[Dimensions]]:
    return dict.fromkeys(metrics.split(), _sets(*dimensions))


METRICS: Mapping[str, Mapping[str, frozenset[Dimensions]]] = {
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    "AWS/Lambda": {
        **_each(
            "PolledEventCount InvokedEventCount FailedInvokeEventCount DeletedEventCount",
            "EventSourceMappingUUID",
        ),
        **_each(
            "Invocations Errors Throttles Duration ConcurrentExecutions",
            "",
            "FunctionName",
            "FunctionName Resource",
            "FunctionName Resource ExecutedVersion",
        ),
    },
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": _each(
        "ApproximateAgeOfOldestMessage ApproximateNumberOfMessagesDelayed "
        "ApproximateNumberOfMessagesNotVisible ApproximateNumberOfMessagesVisible "
        "NumberOfEmptyReceives NumberOfMessagesDeleted "
        "NumberOfMessagesReceived NumberOfMessagesSent SentMessageSize",
        "QueueName",
    ),
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
    "AWS/ApiGateway": _each(
        "4xx 5xx Count DataProcessed IntegrationLatency Latency",
        "ApiId",
        "ApiId Stage",
        "ApiId Stage Method Resource",
    ),
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    "AWS/DynamoDB": {
        **_each(
            "ConsumedReadCapacityUnits ConsumedWriteCapacityUnits ReadThrottleEvents WriteThrottleEvents",
            "TableName",
            "TableName GlobalSecondaryIndexName",
        ),
        **_each("ThrottledRequests SystemErrors SuccessfulRequestLatency", "TableName Operation"),
        **_each("ConditionalCheckFailedRequests TimeToLiveDeletedItemCount", "TableName"),
    },
}
