"""The dashboard, and saved queries of the logs for what no chart can show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.components.scope import ComponentArgs, Place
from infra.monitoring.console import Console
from infra.monitoring.metrics import OLDEST_MESSAGE_AGE, QUEUE_DEPTH, Metric, Watched, queue_metric

# The grid that CloudWatch lays widgets out on, and the heights of ours:
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
COLUMNS = 24
CHART_HEIGHT = 6
HEAD_HEIGHT = 8
LINKS_WIDTH = 6

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
    # Insights finds the first 200 fields of a line, and none if the line was cut off; a long history has many
    # before the last error. So the text is searched. The payload comes last and as text: its quotes are
    # escaped, and nothing in it looks like what is sought here.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
    "dead-letters": r"""fields @timestamp
| filter @message like /"event":"TASK_DEAD_LETTER"/
| parse @message /"taskId":"(?<task>[^"]*)"/
| parse @message /"lastError":\{"type":"(?<errorType>[^"]*)","message":"(?<errorMessage>(?:[^"\\]|\\.)*)"/
| parse @message /"createdAt":"(?<created>[^"]*)"/
| parse @message /"failedAt":"(?<failed>[^"]*)"/
| display @timestamp, task, errorType, errorMessage, created, failed
| sort @timestamp desc
| limit 200""",
}
# The same over the API's access log, whose fields `infra.components.api` names.
ACCESS_LOG_QUERIES = {
    "refused-calls": """fields @timestamp, status, routeKey, sourceIp
| filter status >= 400
| stats count() as calls, max(@timestamp) as latest by status, routeKey, sourceIp
| sort calls desc
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
    alarm_arns
        The alarms, whose states are shown.
    log_groups
        Names of the functions' log groups, by function.
    """

    place: pulumi.Output[Place]
    watched: Watched
    alarm_arns: Sequence[pulumi.Input[str]]
    log_groups: Mapping[str, pulumi.Output[str]]


class Dashboard(pulumi.ComponentResource):
    """Creates the dashboard `taskguard-<stack>` and the saved queries `taskguard-<stack>/...`."""

    url: pulumi.Output[str]

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("taskguard:dashboard:Dashboard", name, None, opts)
        dashboard_name = args.scope.global_name(args.scope.prefix)
        child = pulumi.ResourceOptions(parent=self)
        region = args.place.apply(lambda place: place.region)
        queries = _queries(args)
        widgets = [*_head(args, queries), *_charts(args.watched, region)]
        aws.cloudwatch.Dashboard(
            name,
            dashboard_name=dashboard_name,
            dashboard_body=pulumi.Output.json_dumps({"widgets": widgets}),
            opts=child,
        )
        for query, (text, groups) in queries.items():
            aws.cloudwatch.QueryDefinition(
                f"{name}-{query}",
                name=f"{args.scope.prefix}/{query}",
                log_group_names=groups,
                query_string=text,
                opts=child,
            )
        self.url = args.place.apply(lambda place: Console(place).dashboard(dashboard_name))
        self.register_outputs({"url": self.url})


Queries = dict[str, tuple[str, list[pulumi.Input[str]]]]


def _queries(args: DashboardArgs) -> Queries:
    """Return the text of each saved query, and the log groups that it searches, by name."""
    functions = list(args.log_groups.values())
    return {
        **{query: (text, [*functions]) for query, text in QUERIES.items()},
        **{query: (text, [args.watched.access_log]) for query, text in ACCESS_LOG_QUERIES.items()},
    }


def _head(args: DashboardArgs, queries: Queries) -> list[dict[str, Any]]:
    """Return the first row: links, and the state of each alarm, which leads to the alarm's own page."""
    alarms = {"title": "Alarms", "alarms": args.alarm_arns, "sortBy": "stateUpdatedTimestamp"}
    rest = {"x": LINKS_WIDTH, "y": 0, "width": COLUMNS - LINKS_WIDTH, "height": HEAD_HEIGHT}
    return [
        {
            "type": "text",
            "x": 0,
            "y": 0,
            "width": LINKS_WIDTH,
            "height": HEAD_HEIGHT,
            "properties": {"markdown": _links(args, queries)},
        },
        {"type": "alarm", **rest, "properties": alarms},
    ]


def _links(args: DashboardArgs, queries: Queries) -> pulumi.Output[str]:
    """Return links to the saved queries, ready to run, and to the logs, in Markdown."""

    def written(known: dict[str, Any]) -> str:
        console = Console(known["place"])
        lines = ["**Queries**", ""]
        for query, (text, _) in queries.items():
            lines.append(f"- [{query}]({console.log_query(text, known['groups'][query])})")
        lines += ["", "**Logs**", ""]
        for group in known["logs"]:
            lines.append(f"- [{group.rsplit('/', 1)[1]}]({console.log_group(group)})")
        return "\n".join(lines)

    return pulumi.Output.all(
        place=args.place,
        groups={query: groups for query, (_, groups) in queries.items()},
        logs=[*args.log_groups.values(), args.watched.access_log],
    ).apply(written)


def _charts(watched: Watched, region: pulumi.Output[str]) -> list[dict[str, Any]]:
    """Return the charts as widgets of the dashboard's body: in each row of equal width, across the grid."""
    widgets = []
    rows = (_tasks(watched), _dead_letters(watched), _queues(watched), _functions(watched), _edges(watched))
    for number, row in enumerate(rows):
        width = COLUMNS // len(row)
        for x, chart in enumerate(row):
            y = HEAD_HEIGHT + number * CHART_HEIGHT
            place = {"x": x * width, "y": y, "width": width, "height": CHART_HEIGHT}
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
    waits = ("TaskPostponed", "TaskWoken", "TaskRescued", "TaskTimedOut")
    latency = watched.own_metric("TaskLatency")
    return [
        Chart("Flow of tasks", "Sum", tuple(watched.own_metric(name) for name in counts)),
        Chart(
            "Postponed, woken, rescued, timed out", "Sum", tuple(watched.own_metric(name) for name in waits)
        ),
        Chart("Time from submitted to completed, p99 (ms)", "p99", (latency,)),
    ]


def _dead_letters(watched: Watched) -> list[Chart]:
    ages = ("DeadLetterOldestAge", "TaskOverdue")
    signs = ("AwsRefused", "KindUnavailable", "WakerRuns")
    return [
        Chart("Dead letters open", "Maximum", (watched.own_metric("DeadLettersOpen"),)),
        Chart(
            "Oldest dead letter, overdue task (s)",
            "Maximum",
            tuple(watched.own_metric(name) for name in ages),
        ),
        Chart(
            "Calls refused by AWS, kinds unavailable, runs of the waker",
            "Sum",
            tuple(watched.own_metric(name) for name in signs),
        ),
    ]


def _queues(watched: Watched) -> list[Chart]:
    queues = (*watched.task_queues, watched.dead_letter_queue)
    depths = tuple(queue_metric(queue, name) for queue in queues for name in QUEUE_DEPTH)
    ages = tuple(queue_metric(queue, OLDEST_MESSAGE_AGE) for queue in queues)
    mappings = tuple(
        watched.mapping_metric(key, name)
        for key in watched.mappings
        for name in ("PolledEventCount", "FailedInvokeEventCount")
    )
    return [
        Chart("Messages in the queues", "Maximum", depths),
        Chart("Age of the oldest message (s)", "Maximum", ages),
        Chart("Messages read, and read in vain", "Sum", mappings),
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
    requests = tuple(watched.api_metric(name) for name in ("Count", "4xx", "5xx"))
    units = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
    return [
        Chart("API requests", "Sum", (*requests, watched.api_throttled)),
        Chart("API latency, p99 (ms)", "p99", (watched.api_metric("Latency"),)),
        Chart("Table throttles", "Sum", tuple(watched.table_metric(name) for name in throttles)),
        Chart("Table units read and written", "Sum", tuple(watched.table_metric(name) for name in units)),
    ]
