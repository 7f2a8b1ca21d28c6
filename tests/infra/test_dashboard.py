"""The dashboard and the saved queries."""

from typing import Any

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
    return {tuple(metric) for widget in widgets(run) for metric in widget["properties"]["metrics"]}


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
    assert {widget["properties"]["region"] for widget in widgets(dev)} == {REGION}


def test_charts_fill_the_grid_without_overlapping(dev: ProgramRun) -> None:
    cells = [
        (column, row)
        for widget in widgets(dev)
        for column in range(widget["x"], widget["x"] + widget["width"])
        for row in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells)) == 24 * 24


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
            "fields @timestamp, taskId, lastError.type, lastError.message, createdAt, failedAt",
            '| filter event = "TASK_DEAD_LETTER"',
            "| sort @timestamp desc",
            "| limit 200",
        ],
    }


def test_saved_queries_search_every_functions_log(dev: ProgramRun) -> None:
    groups = {f"/aws/lambda/taskguard-dev-{function}" for function in FUNCTIONS}
    for query in dev.all(QUERY):
        assert set(query.inputs["logGroupNames"]) == groups
