"""The dashboard and the saved queries."""

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest

from infra.components.scope import Place
from infra.monitoring.console import Console
from tests.infra.expected import FUNCTIONS
from tests.support.fake_outputs import REGION
from tests.support.program import ProgramRun

QUERY = "aws:cloudwatch/queryDefinition:QueryDefinition"


def widgets(run: ProgramRun) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.one("aws:cloudwatch/dashboard:Dashboard", "dashboard").json(
        "dashboardBody"
    )["widgets"]
    return found


def shown(run: ProgramRun) -> set[tuple[str, ...]]:
    """Return every metric on the dashboard as namespace, name and dimensions."""
    return {tuple(row) for widget in widgets(run) for row in widget["properties"].get("metrics", [])}


def charts(run: ProgramRun) -> list[dict[str, Any]]:
    return [widget["properties"] for widget in widgets(run) if widget["type"] == "metric"]


def test_the_flow_of_tasks_is_shown(dev: ProgramRun) -> None:
    names = ("Submitted", "Completed", "Retried", "Duplicate", "DeadLettered", "Latency")
    assert {("TaskGuard", f"Task{name}", "service", "taskguard-dev") for name in names} <= shown(dev)


def test_queues_functions_api_and_table_are_shown(dev: ProgramRun) -> None:
    for queue in ("taskguard-dev-tasks", "taskguard-dev-dead-letters"):
        assert ("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue) in shown(dev)
        assert ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue) in shown(dev)
    for function in FUNCTIONS:
        for metric in ("Errors", "Throttles", "Duration"):
            assert ("AWS/Lambda", metric, "FunctionName", f"taskguard-dev-{function}") in shown(dev)
    assert ("AWS/ApiGateway", "5xx", "ApiId", "taskguard-dev", "Stage", "$default") in shown(dev)
    assert ("AWS/DynamoDB", "WriteThrottleEvents", "TableName", "taskguard-dev-tasks") in shown(dev)


def test_every_chart_names_the_region_of_the_stack(dev: ProgramRun) -> None:
    assert {chart["region"] for chart in charts(dev)} == {REGION}


def test_charts_fill_the_grid_without_overlapping(dev: ProgramRun) -> None:
    cells = [
        (column, row)
        for widget in widgets(dev)
        for column in range(widget["x"], widget["x"] + widget["width"])
        for row in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells)) == 24 * (8 + 5 * 6)


def test_saved_queries_find_a_task_the_errors_and_the_dead_letters(dev: ProgramRun) -> None:
    found = {each.inputs["name"]: each.inputs["queryString"].splitlines() for each in dev.all(QUERY)}
    assert {name.removeprefix("taskguard-dev/"): lines for name, lines in found.items()} == {
        "task-by-id": [
            "fields @timestamp, event, attempt, level, message, correlationId, functionRequestId",
            '| filter taskId = "TASK-ID"',
            "| sort @timestamp asc",
            "| limit 1000",
        ],
        "errors": [
            "fields @timestamp, service, taskId, event, message, reason, exception, errorMessage, @log",
            '| filter level in ["WARNING", "ERROR", "CRITICAL"]'
            " or @message like /Task timed out|Runtime exited/",
            "| sort @timestamp desc",
            "| limit 200",
        ],
        "dead-letters": [
            "fields @timestamp",
            '| filter @message like /"event":"TASK_DEAD_LETTER"/',
            '| parse @message /"taskId":"(?<task>[^"]*)"/',
            '| parse @message /"lastError":\\{"type":"(?<errorType>[^"]*)",'
            r'"message":"(?<errorMessage>(?:[^"\\]|\\.)*)"/',
            '| parse @message /"createdAt":"(?<created>[^"]*)"/',
            '| parse @message /"failedAt":"(?<failed>[^"]*)"/',
            "| display @timestamp, task, errorType, errorMessage, created, failed",
            "| sort @timestamp desc",
            "| limit 200",
        ],
        "refused-calls": [
            "fields @timestamp, status, routeKey, sourceIp",
            "| filter status >= 400",
            "| stats count() as calls, max(@timestamp) as latest by status, routeKey, sourceIp",
            "| sort calls desc",
            "| limit 200",
        ],
    }


def test_saved_queries_search_every_functions_log(dev: ProgramRun) -> None:
    groups = {f"/aws/lambda/taskguard-dev-{function}" for function in FUNCTIONS}
    for query in dev.all(QUERY):
        own = {"/aws/vendedlogs/taskguard-dev-api"} if query.name.endswith("refused-calls") else groups
        assert set(query.inputs["logGroupNames"]) == own


def test_the_query_for_refused_calls_reads_fields_of_the_access_log(dev: ProgramRun) -> None:
    stage = dev.one("aws:apigatewayv2/stage:Stage", "api-stage").inputs
    text = dev.one(QUERY, "dashboard-refused-calls").inputs["queryString"]
    (fields,) = re.findall(r"^fields @timestamp, (.+)$", text, re.MULTILINE)
    assert set(fields.split(", ")) <= set(json.loads(stage["accessLogSettings"]["format"]))


def test_the_alarms_and_their_states_are_shown(dev: ProgramRun) -> None:
    (shown_,) = (widget["properties"] for widget in widgets(dev) if widget["type"] == "alarm")
    names = {each.inputs["name"] for each in dev.all("aws:cloudwatch/metricAlarm:MetricAlarm")}
    assert {arn.split(":alarm:")[1] for arn in shown_["alarms"]} == names
    assert len(shown_["alarms"]) <= 100


def links(run: ProgramRun) -> dict[str, str]:
    """Return the addresses that the dashboard links, by the links' texts."""
    (text,) = (widget["properties"]["markdown"] for widget in widgets(run) if widget["type"] == "text")
    return dict(re.findall(r"^- \[([^]]+)\]\((\S+)\)$", text, re.MULTILINE))


HOME = f"https://{REGION}.console.aws.amazon.com/cloudwatch/home?region={REGION}#logsV2:"


def unescaped(text: str) -> str:
    """Return what the console reads behind the address's `#`."""
    return unquote(unquote(text.replace("$", "%")))


@pytest.mark.parametrize("name", ["task-by-id", "errors", "dead-letters", "refused-calls"])
def test_a_link_opens_its_query_over_its_logs(dev: ProgramRun, name: str) -> None:
    query = dev.one(QUERY, f"dashboard-{name}").inputs
    found = re.fullmatch(
        r"logs-insights\?queryDetail=~\(end~0~start~-3600~timeType~'RELATIVE~unit~'seconds"
        r"~editorString~'([^'~()]*)~source~\(((?:~'[^'~()]*)+)\)\)",
        unescaped(links(dev)[name].removeprefix(HOME)),
    )
    assert found, links(dev)[name]
    text, *groups = (unquote(part.replace("*", "%")) for part in (found[1], *found[2].split("~'")[1:]))
    assert text == query["queryString"]
    assert groups == query["logGroupNames"]


def test_a_link_has_nothing_that_ends_it_in_markdown(dev: ProgramRun) -> None:
    assert len(links(dev)) == 4 + len(FUNCTIONS) + 1
    for address in links(dev).values():
        assert re.fullmatch(r"[A-Za-z0-9:/?#=.$*_-]+", address)


def test_every_log_is_linked(dev: ProgramRun) -> None:
    groups = {f"taskguard-dev-{name}": f"/aws/lambda/taskguard-dev-{name}" for name in FUNCTIONS}
    groups["taskguard-dev-api"] = "/aws/vendedlogs/taskguard-dev-api"
    for text, group in groups.items():
        assert links(dev)[text] == f"{HOME}log-groups/log-group/{group.replace('/', '$252F')}"


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_other_partitions_have_consoles_of_their_own(partition: str, region: str, host: str) -> None:
    address = Console(Place(partition, region, "123456789012")).dashboard("taskguard-dev")
    assert address == f"https://{host}/cloudwatch/home?region={region}#dashboards/dashboard/taskguard-dev"
