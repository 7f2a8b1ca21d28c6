"""What the dashboard shows, row by row. Data only."""

from dataclasses import dataclass
from typing import Any

import pulumi

from infra.alarm import Metric
from infra.alarm_catalogue import Watched
from infra.api_defaults import STAGE
from infra.environment import METRICS_NAMESPACE


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
