"""The alarms: what each one watches and when it goes off, and that all of them reach the topic."""

from typing import Any

import pytest

from tests.infra.expected import FUNCTIONS, TOPIC_ARN
from tests.support.program import ProgramRun

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
PER_FUNCTION = ("errors", "throttles", "near-timeout")
NAMES = [
    "api-latency",
    "api-server-errors",
    "dead-letter-monitor-called",
    "dead-letters-arriving",
    "dead-letters-coming-back",
    "dead-letters-not-picked-up",
    "table-system-errors",
    "table-throttled",
    "task-queue-too-old",
    *(f"{function}-{kind}" for function in FUNCTIONS for kind in PER_FUNCTION),
]


def alarm(run: ProgramRun, name: str) -> dict[str, Any]:
    return dict(run.one(ALARM, name).inputs)


def watched(run: ProgramRun, name: str) -> tuple[Any, ...]:
    """Return what an alarm on one metric reads: namespace, name, dimensions, statistic."""
    found = alarm(run, name)
    statistic = found.get("statistic") or found["extendedStatistic"]
    return found["namespace"], found["metricName"], found["dimensions"], statistic


def summed(run: ProgramRun, name: str) -> list[tuple[str, str, dict[str, str], str]]:
    """Return what an alarm on a sum reads, metric by metric: namespace, name, dimensions, statistic."""
    total, *parts = alarm(run, name)["metricQueries"]
    assert (total["expression"], total["returnData"]) == ("SUM(METRICS())", True)
    assert not any(part["returnData"] for part in parts)
    assert len({part["id"] for part in (total, *parts)}) == 1 + len(parts)
    metrics = [part["metric"] for part in parts]
    return [(each["namespace"], each["metricName"], each["dimensions"], each["stat"]) for each in metrics]


def window(run: ProgramRun, name: str) -> tuple[float, int, int, int]:
    """Return the threshold, the period in seconds, the breaching periods and the evaluated ones."""
    found = alarm(run, name)
    period = found.get("period") or found["metricQueries"][1]["metric"]["period"]
    return found["threshold"], period, found["datapointsToAlarm"], found["evaluationPeriods"]


def test_there_are_exactly_these_alarms(dev: ProgramRun) -> None:
    assert [each.name for each in dev.all(ALARM)] == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_alarm_and_ok_both_reach_the_topic(dev: ProgramRun, name: str) -> None:
    found = alarm(dev, name)
    assert found["alarmActions"] == found["okActions"] == [TOPIC_ARN]


@pytest.mark.parametrize("name", NAMES)
def test_every_alarm_says_what_it_means_what_no_data_means_and_what_to_do_first(
    dev: ProgramRun, name: str
) -> None:
    meaning, first_step = alarm(dev, name)["alarmDescription"].split(" First: ")
    assert meaning.endswith(" No data means that nothing happened.")
    assert first_step.endswith(".")
    assert len(alarm(dev, name)["alarmDescription"]) <= 1024


@pytest.mark.parametrize("name", NAMES)
def test_no_data_is_not_a_breach(dev: ProgramRun, name: str) -> None:
    assert alarm(dev, name)["treatMissingData"] == "notBreaching"


@pytest.mark.parametrize("name", NAMES)
def test_an_alarm_goes_off_above_its_threshold_and_has_the_stacks_name(dev: ProgramRun, name: str) -> None:
    assert alarm(dev, name)["comparisonOperator"] == "GreaterThanThreshold"
    assert alarm(dev, name)["name"] == f"taskguard-dev-{name}"


def test_arriving_dead_letters_are_counted_by_taskguards_own_metric(dev: ProgramRun) -> None:
    own = {"service": "taskguard-dev"}
    assert watched(dev, "dead-letters-arriving") == ("TaskGuard", "TaskDeadLettered", own, "Sum")
    assert window(dev, "dead-letters-arriving") == (0, 60, 1, 1)


def test_arriving_dead_letters_are_seen_even_if_the_metric_fails(dev: ProgramRun) -> None:
    monitor = {"FunctionName": "taskguard-dev-monitor-dlq"}
    assert watched(dev, "dead-letter-monitor-called") == ("AWS/Lambda", "Invocations", monitor, "Sum")
    assert window(dev, "dead-letter-monitor-called") == (0, 60, 1, 1)


def test_dead_letters_that_cannot_be_recorded_show_in_a_queue_that_is_never_empty(dev: ProgramRun) -> None:
    queue = {"QueueName": "taskguard-dev-dead-letters"}
    assert summed(dev, "dead-letters-coming-back") == [
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue, "Minimum"),
        ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", queue, "Minimum"),
    ]
    assert window(dev, "dead-letters-coming-back") == (0, 60, 15, 15)


def test_dead_letters_that_nobody_reads_show_in_their_age(dev: ProgramRun) -> None:
    queue = {"QueueName": "taskguard-dev-dead-letters"}
    metric = ("AWS/SQS", "ApproximateAgeOfOldestMessage", queue, "Maximum")
    assert watched(dev, "dead-letters-not-picked-up") == metric
    assert window(dev, "dead-letters-not-picked-up") == (900, 60, 1, 1)


@pytest.mark.parametrize(
    ("stack", "span"), [("dev", 5 + 10 + 3 * 30), ("tuned", 2 + 4 + 8 + 16 + 32 + 61 + 61 + 8 * 100)]
)
def test_a_task_that_is_merely_retried_is_not_a_backlog(
    stack: str, span: int, request: pytest.FixtureRequest
) -> None:
    run: ProgramRun = request.getfixturevalue(stack)
    queue = {"QueueName": "taskguard-dev-tasks"}
    assert watched(run, "task-queue-too-old") == (
        "AWS/SQS",
        "ApproximateAgeOfOldestMessage",
        queue,
        "Maximum",
    )
    assert window(run, "task-queue-too-old") == (span + 300, 60, 5, 5)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("kind", "metric"), [("errors", "Errors"), ("throttles", "Throttles")])
def test_every_function_is_watched_for(dev: ProgramRun, function: str, kind: str, metric: str) -> None:
    name = {"FunctionName": f"taskguard-dev-{function}"}
    assert watched(dev, f"{function}-{kind}") == ("AWS/Lambda", metric, name, "Sum")
    assert window(dev, f"{function}-{kind}") == (0, 60, 1, 1)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("stack", ["dev", "tuned"])
def test_every_function_is_watched_for_coming_close_to_its_timeout(
    stack: str, function: str, request: pytest.FixtureRequest
) -> None:
    run: ProgramRun = request.getfixturevalue(stack)
    timeout = run.one("aws:lambda/function:Function", function).inputs["timeout"]
    name = {"FunctionName": f"taskguard-dev-{function}"}
    assert watched(run, f"{function}-near-timeout") == ("AWS/Lambda", "Duration", name, "Maximum")
    assert window(run, f"{function}-near-timeout") == (timeout * 800, 60, 1, 1)


def test_the_api_is_watched_for_server_errors_and_latency(dev: ProgramRun) -> None:
    api = {"ApiId": "taskguard-dev", "Stage": "$default"}
    assert watched(dev, "api-server-errors") == ("AWS/ApiGateway", "5xx", api, "Sum")
    assert window(dev, "api-server-errors") == (0, 60, 3, 5)
    assert watched(dev, "api-latency") == ("AWS/ApiGateway", "Latency", api, "p99")
    assert window(dev, "api-latency") == (3000, 300, 3, 3)


def test_the_table_and_its_index_are_watched_for_throttling(dev: ProgramRun) -> None:
    table = {"TableName": "taskguard-dev-tasks"}
    index = {**table, "GlobalSecondaryIndexName": "deadLetters"}
    assert summed(dev, "table-throttled") == [
        ("AWS/DynamoDB", "ReadThrottleEvents", table, "Sum"),
        ("AWS/DynamoDB", "WriteThrottleEvents", table, "Sum"),
        ("AWS/DynamoDB", "WriteThrottleEvents", index, "Sum"),
    ]
    assert window(dev, "table-throttled") == (0, 60, 3, 5)


def test_the_table_is_watched_for_system_errors_of_all_that_the_functions_do(dev: ProgramRun) -> None:
    assert summed(dev, "table-system-errors") == [
        ("AWS/DynamoDB", "SystemErrors", {"TableName": "taskguard-dev-tasks", "Operation": operation}, "Sum")
        for operation in ("GetItem", "PutItem", "UpdateItem")
    ]
    assert window(dev, "table-system-errors") == (0, 60, 3, 5)
