"""The dashboard, and the saved queries for what it cannot show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.components.api import STAGE
from infra.components.scope import METRICS_NAMESPACE, ComponentArgs, Place
from infra.monitoring.alarms import Metric
from infra.monitoring.catalogue import Watched


@dataclass(frozen=True)
class Chart:
    """One chart: metrics over time, each with the same statistic."""

    title: str
    statistic: str
    metrics: tuple[Metric, ...]

    def properties(self, region: pulumi.Output[str]) -> dict[str, Any]:
        """Return the chart in the dashboard body's terms."""
        return {
            "title": self.title,
            "view": "timeSeries",
            "region": region,
            "stat": self.statistic,
            "period": 60,
            "metrics": [_line(metric) for metric in self.metrics],
        }


def layout(watched: Watched) -> list[list[Chart]]:
    """Return the rows: flow, health, dead letters."""
    return [_flow(watched), _queues(watched), _functions(watched), _edges(watched)]


def _line(metric: Metric) -> list[pulumi.Input[str]]:
    dimensions = [part for pair in metric.dimensions.items() for part in pair]
    return [metric.namespace, metric.name, *dimensions]


def _flow(watched: Watched) -> list[Chart]:
    own = {"service": watched.service}
    counts = ("TaskSubmitted", "TaskCompleted", "TaskRetried", "TaskDuplicate", "TaskDeadLettered")
    return [
        Chart("Flow of tasks", "Sum", tuple(Metric(METRICS_NAMESPACE, name, own) for name in counts)),
        Chart(
            "Time from submitted to completed, p99 (ms)",
            "p99",
            (Metric(METRICS_NAMESPACE, "TaskLatency", own),),
        ),
        Chart("Dead letters", "Sum", (Metric(METRICS_NAMESPACE, "TaskDeadLettered", own),)),
    ]


def _queues(watched: Watched) -> list[Chart]:
    queues = (watched.task_queue, watched.dead_letter_queue)
    depths = ("ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible")
    return [
        Chart(
            "Messages in the queues",
            "Maximum",
            tuple(Metric("AWS/SQS", depth, {"QueueName": queue}) for queue in queues for depth in depths),
        ),
        Chart(
            "Age of the oldest message (s)",
            "Maximum",
            tuple(
                Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": queue}) for queue in queues
            ),
        ),
    ]


def _functions(watched: Watched) -> list[Chart]:
    def chart(title: str, statistic: str, name: str) -> Chart:
        names = watched.functions.values()
        return Chart(
            title, statistic, tuple(Metric("AWS/Lambda", name, {"FunctionName": each}) for each in names)
        )

    return [
        chart("Function errors", "Sum", "Errors"),
        chart("Function throttles", "Sum", "Throttles"),
        chart("Function duration, longest (ms)", "Maximum", "Duration"),
    ]


def _edges(watched: Watched) -> list[Chart]:
    api = {"ApiId": watched.api_id, "Stage": STAGE}
    table = {"TableName": watched.table}
    throttles = ("ReadThrottleEvents", "WriteThrottleEvents")
    return [
        Chart(
            "API requests",
            "Sum",
            tuple(Metric("AWS/ApiGateway", name, api) for name in ("Count", "4xx", "5xx")),
        ),
        Chart("API latency, p99 (ms)", "p99", (Metric("AWS/ApiGateway", "Latency", api),)),
        Chart("Table throttles", "Sum", tuple(Metric("AWS/DynamoDB", name, table) for name in throttles)),
    ]


# Logs Insights; what to replace stands in capitals.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
QUERIES = {
    "task-by-id": """fields @timestamp, event, attempt, level, message, correlation_id, function_request_id
| filter taskId = "TASK-ID"
| sort @timestamp asc
| limit 1000""",
    # Warnings are the functions' own; errors are Lambda's reports of what they did not catch.
    "errors": """fields @timestamp, service, taskId, event, message, reason, exception, errorMessage, @log
| filter level in ["WARNING", "ERROR", "CRITICAL"] or @message like /Task timed out|Runtime exited/
| sort @timestamp desc
| limit 200""",
    "dead-letters": """fields @timestamp, taskId, lastError.type, lastError.message, createdAt, failedAt
| filter event = "TASK_DEAD_LETTER"
| sort @timestamp desc
| limit 200""",
}


@dataclass(frozen=True)
class DashboardArgs(ComponentArgs):
    """Arguments of `Dashboard`.

    Attributes
    ----------
    place
        Partition, region and account of the stack.
    watched
        What to show.
    log_groups
        Names of the functions' log groups, by function.
    """

    place: pulumi.Output[Place]
    watched: Watched
    log_groups: Mapping[str, pulumi.Output[str]]


class Dashboard(pulumi.ComponentResource):
    """Creates the dashboard `taskguard-<stack>` and the saved queries `taskguard-<stack>/...`."""

    url: pulumi.Output[str]

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("taskguard:dashboard:Dashboard", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        region = args.place.apply(lambda place: place.region)
        aws.cloudwatch.Dashboard(
            name,
            dashboard_name=args.scope.prefix,
            dashboard_body=pulumi.Output.json_dumps(_body(layout(args.watched), region)),
            opts=child,
        )
        for query, text in QUERIES.items():
            aws.cloudwatch.QueryDefinition(
                f"{name}-{query}",
                name=f"{args.scope.prefix}/{query}",
                log_group_names=list(args.log_groups.values()),
                query_string=text,
                opts=child,
            )
        self.url = region.apply(lambda where: dashboard_url(where, args.scope.prefix))
        self.register_outputs({"url": self.url})


def dashboard_url(region: str, name: str) -> str:
    """Return the console's address of a dashboard."""
    return (
        f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#dashboards/dashboard/{name}"
    )


def _body(rows: list[list[Chart]], region: pulumi.Output[str]) -> dict[str, Any]:
    """Return the dashboard's body: rows of charts of equal width, on CloudWatch's grid of 24 columns.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    widgets = []
    for y, row in enumerate(rows):
        width = 24 // len(row)
        for x, chart in enumerate(row):
            place = {"x": x * width, "y": y * 6, "width": width, "height": 6}
            widgets.append({"type": "metric", **place, "properties": chart.properties(region)})
    return {"widgets": widgets}
