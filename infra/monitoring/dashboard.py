"""The dashboard, and saved queries of the logs for what no chart can show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.components.scope import ComponentArgs, Place
from infra.monitoring.metrics import OLDEST_MESSAGE_AGE, QUEUE_DEPTH, Metric, Watched, queue_metric

# The grid that CloudWatch lays charts out on, and the height of each of ours:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
COLUMNS = 24
CHART_HEIGHT = 6

# Queries for CloudWatch Logs Insights, by name; what to replace is in capitals.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
QUERIES = {
    "task-by-id": """fields @timestamp, event, attempt, level, message, correlationId, functionRequestId
| filter taskId = "TASK-ID"
| sort @timestamp asc
| limit 1000""",
    # Warnings are the functions' own; errors are Lambda's reports of exceptions that they did not catch.
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
            dashboard_body=pulumi.Output.json_dumps({"widgets": _widgets(args.watched, region)}),
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
        self.url = region.apply(lambda where: _console_url(where, args.scope.prefix))
        self.register_outputs({"url": self.url})


def _console_url(region: str, dashboard: str) -> str:
    console = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
    return f"{console}#dashboards/dashboard/{dashboard}"


def _widgets(watched: Watched, region: pulumi.Output[str]) -> list[dict[str, Any]]:
    """Return the charts as widgets of the dashboard's body: in each row of equal width, across the grid."""
    widgets = []
    for y, row in enumerate((_tasks(watched), _queues(watched), _functions(watched), _edges(watched))):
        width = COLUMNS // len(row)
        for x, chart in enumerate(row):
            place = {"x": x * width, "y": y * CHART_HEIGHT, "width": width, "height": CHART_HEIGHT}
            widgets.append({"type": "metric", **place, "properties": chart.properties(region)})
    return widgets


@dataclass(frozen=True)
class Chart:
    """One chart: metrics over time, each with the same statistic."""

    title: str
    statistic: str
    metrics: tuple[Metric, ...]

    def properties(self, region: pulumi.Output[str]) -> dict[str, Any]:
        """Return the chart in the terms of the dashboard's body."""
        return {
            "title": self.title,
            "view": "timeSeries",
            "region": region,
            "stat": self.statistic,
            "period": 60,
            "metrics": [_line(metric) for metric in self.metrics],
        }


def _line(metric: Metric) -> list[pulumi.Input[str]]:
    dimensions = [part for pair in metric.dimensions.items() for part in pair]
    return [metric.namespace, metric.name, *dimensions]


def _tasks(watched: Watched) -> list[Chart]:
    counts = ("TaskSubmitted", "TaskCompleted", "TaskRetried", "TaskDuplicate", "TaskDeadLettered")
    latency = watched.own_metric("TaskLatency")
    return [
        Chart("Flow of tasks", "Sum", tuple(watched.own_metric(name) for name in counts)),
        Chart("Time from submitted to completed, p99 (ms)", "p99", (latency,)),
        Chart("Dead letters", "Sum", (watched.own_metric("TaskDeadLettered"),)),
    ]


def _queues(watched: Watched) -> list[Chart]:
    queues = (watched.task_queue, watched.dead_letter_queue)
    depths = tuple(queue_metric(queue, name) for queue in queues for name in QUEUE_DEPTH)
    ages = tuple(queue_metric(queue, OLDEST_MESSAGE_AGE) for queue in queues)
    return [
        Chart("Messages in the queues", "Maximum", depths),
        Chart("Age of the oldest message (s)", "Maximum", ages),
    ]


def _functions(watched: Watched) -> list[Chart]:
    def of_each(name: str) -> tuple[Metric, ...]:
        return tuple(watched.function_metric(key, name) for key in watched.functions)

    return [
        Chart("Function errors", "Sum", of_each("Errors")),
        Chart("Function throttles", "Sum", of_each("Throttles")),
        Chart("Function duration, longest (ms)", "Maximum", of_each("Duration")),
    ]


def _edges(watched: Watched) -> list[Chart]:
    throttles = ("ReadThrottleEvents", "WriteThrottleEvents")
    return [
        Chart("API requests", "Sum", tuple(watched.api_metric(name) for name in ("Count", "4xx", "5xx"))),
        Chart("API latency, p99 (ms)", "p99", (watched.api_metric("Latency"),)),
        Chart("Table throttles", "Sum", tuple(watched.table_metric(name) for name in throttles)),
    ]
