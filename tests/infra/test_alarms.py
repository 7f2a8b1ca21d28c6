"""The alarms: what each one watches and when it goes off, and that all of them reach the topic."""

import json
from typing import Any

import pytest

from tests.infra.expected import FUNCTIONS, TOPIC_ARN
from tests.support.fake_outputs import fake_uuid
from tests.support.program import ProgramRun

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
PER_FUNCTION = ("errors", "near-timeout")
ON_SILENCE = "waker-not-running"
EVENTS = [
    "aws-refused",
    "dead-letters-arriving",
    *(f"{function}-{kind}" for function in FUNCTIONS for kind in PER_FUNCTION),
]
# What the waker counts: if it stands still, nothing is known.
COUNTED = ["dead-letters-expiring", "dead-letters-open", "tasks-overdue"]
STANDING = [
    *COUNTED,
    "api-client-errors",
    "api-latency",
    "api-server-errors",
    "api-throttled",
    "dead-letters-coming-back",
    "dead-letters-not-picked-up",
    "functions-throttled",
    "kind-unavailable",
    "table-system-errors",
    "table-throttled",
    "table-written-much",
    "task-queue-too-old",
    "too-many-in-flight",
    ON_SILENCE,
]
NAMES = [*EVENTS, *STANDING]
# Queries, and metrics among them, that one alarm may have: https://github.com/aws/aws-cdk/issues/27144
MOST_QUERIES, MOST_METRICS = 20, 10


def alarm(run: ProgramRun, name: str) -> dict[str, Any]:
    return dict(run.one(ALARM, name).inputs)


def watched(run: ProgramRun, name: str) -> tuple[Any, ...]:
    """Return what an alarm on one metric reads: namespace, name, dimensions, statistic."""
    found = alarm(run, name)
    statistic = found.get("statistic") or found["extendedStatistic"]
    return found["namespace"], found["metricName"], found["dimensions"], statistic


def steps(run: ProgramRun, name: str) -> dict[str, str]:
    """Return an alarm's formula: every expression by its id."""
    return {
        each["id"]: each["expression"] for each in alarm(run, name)["metricQueries"] if "metric" not in each
    }


def read(run: ProgramRun, name: str) -> dict[str, tuple[str, str, dict[str, str], str]]:
    """Return what an alarm with a formula reads, by id: namespace, name, dimensions, statistic."""
    queries = alarm(run, name)["metricQueries"]
    assert [each["id"] for each in queries if each["returnData"]] == ["total"]
    assert len({each["id"] for each in queries}) == len(queries)
    metrics = {each["id"]: each["metric"] for each in queries if "metric" in each}
    return {
        query: (each["namespace"], each["metricName"], each["dimensions"], each["stat"])
        for query, each in metrics.items()
    }


def refused(operations: tuple[str, ...], first: int = 1) -> dict[str, tuple[str, str, dict[str, str], str]]:
    """Return what the alarms on the table and on AWS's refusals read, about these operations."""
    table = {"TableName": "taskguard-dev-tasks"}
    metrics = [
        *(("AWS/DynamoDB", "SystemErrors", {**table, "Operation": each}, "Sum") for each in operations),
        ("AWS/DynamoDB", "ReadThrottleEvents", table, "Sum"),
        ("AWS/DynamoDB", "WriteThrottleEvents", table, "Sum"),
        ("TaskGuard", "AwsRefused", {"service": "taskguard-dev"}, "Sum"),
    ]
    return {f"mx{number}": metric for number, metric in enumerate(metrics, start=first)}


def window(run: ProgramRun, name: str) -> tuple[float, int, int, int]:
    """Return the threshold, the period in seconds, the breaching periods and the evaluated ones."""
    found = alarm(run, name)
    queries = found.get("metricQueries", [])
    periods = {each["metric"]["period"] for each in queries if "metric" in each} or {found["period"]}
    assert len(periods) == 1
    return found["threshold"], periods.pop(), found["datapointsToAlarm"], found["evaluationPeriods"]


def test_there_are_exactly_these_alarms(dev: ProgramRun) -> None:
    assert [each.name for each in dev.all(ALARM)] == sorted(NAMES)


@pytest.mark.parametrize("name", STANDING)
def test_the_topic_is_told_of_trouble_and_that_it_is_over(dev: ProgramRun, name: str) -> None:
    found = alarm(dev, name)
    assert found["alarmActions"] == found["okActions"] == [TOPIC_ARN]


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_told_and_never_over(dev: ProgramRun, name: str) -> None:
    found = alarm(dev, name)
    assert found["alarmActions"] == [TOPIC_ARN]
    assert "okActions" not in found


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_told_at_the_first_one_and_once_in_a_quarter_of_an_hour(
    dev: ProgramRun, name: str
) -> None:
    _, period, breaching, evaluated = window(dev, name)
    assert (period, breaching, evaluated) == (60, 1, 15)


@pytest.mark.parametrize("name", NAMES)
def test_every_alarm_says_what_it_means_what_no_data_means_and_what_to_do_first(
    dev: ProgramRun, name: str
) -> None:
    meaning, first_step = alarm(dev, name)["alarmDescription"].split(" First: ")
    no_data = {
        "notBreaching": " No data means that nothing happened.",
        "breaching": " No data means that it does not run.",
        "ignore": " No data leaves this alarm as it is: wake_tasks did not count.",
    }
    assert meaning.endswith(no_data[alarm(dev, name)["treatMissingData"]])
    assert first_step.endswith(".")
    assert len(alarm(dev, name)["alarmDescription"]) <= 1024


@pytest.mark.parametrize("name", NAMES)
def test_no_data_is_a_breach_only_of_what_has_to_report_all_the_time(dev: ProgramRun, name: str) -> None:
    wanted = "breaching" if name == ON_SILENCE else "ignore" if name in COUNTED else "notBreaching"
    assert alarm(dev, name)["treatMissingData"] == wanted


@pytest.mark.parametrize("name", NAMES)
def test_an_alarm_reads_no_more_than_cloudwatch_allows(dev: ProgramRun, name: str) -> None:
    queries = alarm(dev, name).get("metricQueries", [])
    assert len(queries) <= MOST_QUERIES
    assert sum("metric" in each for each in queries) <= MOST_METRICS
    _, period, _, evaluated = window(dev, name)
    assert period * evaluated <= 86_400


@pytest.mark.parametrize("name", NAMES)
def test_an_alarm_that_reads_dynamodb_ends_whatever_missing_data_mean(dev: ProgramRun, name: str) -> None:
    """It is filled with zeros, and needs several breaching periods: one of them is in sight when it ends."""
    metrics = read(dev, name) if "metricQueries" in alarm(dev, name) else {}
    if "AWS/DynamoDB" in {namespace for namespace, *_ in metrics.values()}:
        formula = " ".join(steps(dev, name).values())
        assert all(f"FILL({query}, 0)" in formula for query in metrics)
        _, _, breaching, evaluated = window(dev, name)
        assert 1 < breaching < evaluated
    else:
        assert alarm(dev, name).get("namespace") != "AWS/DynamoDB"


@pytest.mark.parametrize("name", NAMES)
def test_an_alarm_goes_off_above_its_threshold_and_has_the_stacks_name(dev: ProgramRun, name: str) -> None:
    wanted = "LessThanThreshold" if name == ON_SILENCE else "GreaterThanThreshold"
    assert alarm(dev, name)["comparisonOperator"] == wanted
    assert alarm(dev, name)["name"] == f"taskguard-dev-{name}"


def test_arriving_dead_letters_are_counted_by_taskguards_own_metric(dev: ProgramRun) -> None:
    own = {"service": "taskguard-dev"}
    assert watched(dev, "dead-letters-arriving") == ("TaskGuard", "TaskDeadLettered", own, "Sum")
    assert window(dev, "dead-letters-arriving") == (0, 60, 1, 15)


def test_dead_letters_that_stand_open_for_a_day_are_told(dev: ProgramRun) -> None:
    own = {"service": "taskguard-dev"}
    assert watched(dev, "dead-letters-open") == ("TaskGuard", "DeadLettersOpen", own, "Minimum")
    assert window(dev, "dead-letters-open") == (0, 3600, 24, 24)


@pytest.mark.parametrize(("stack", "days"), [("dev", 135), ("tuned", 49.5)])
def test_dead_letters_are_told_well_before_they_expire(
    stack: str, days: float, request: pytest.FixtureRequest
) -> None:
    run: ProgramRun = request.getfixturevalue(stack)
    own = {"service": "taskguard-dev"}
    assert watched(run, "dead-letters-expiring") == ("TaskGuard", "DeadLetterOldestAge", own, "Maximum")
    assert window(run, "dead-letters-expiring") == (days * 86_400, 300, 3, 3)


def test_dead_letters_that_cannot_be_recorded_show_in_what_lambda_counts_as_failed(dev: ProgramRun) -> None:
    mapping = {"EventSourceMappingUUID": fake_uuid("monitor-dlq")}
    assert read(dev, "dead-letters-coming-back") == {
        "m1": ("AWS/Lambda", "FailedInvokeEventCount", mapping, "Sum"),
        **refused(("GetItem", "UpdateItem")),
    }
    assert window(dev, "dead-letters-coming-back") == (0, 60, 4, 15)


def test_lambda_counts_what_it_reads_from_the_queues(dev: ProgramRun) -> None:
    for mapping in dev.all("aws:lambda/eventSourceMapping:EventSourceMapping"):
        assert mapping.inputs["metricsConfig"] == {"metrics": ["EventCount"]}


def test_dead_letters_that_nobody_reads_wait_while_nothing_is_invoked(dev: ProgramRun) -> None:
    queue = {"QueueName": "taskguard-dev-dead-letters"}
    monitor = {"FunctionName": "taskguard-dev-monitor-dlq"}
    assert read(dev, "dead-letters-not-picked-up") == {
        "m1": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue, "Minimum"),
        "mx1": ("AWS/Lambda", "Invocations", monitor, "Sum"),
        "mx2": ("AWS/Lambda", "Throttles", monitor, "Sum"),
    }
    assert steps(dev, "dead-letters-not-picked-up") == {
        "total": "SUM([m1, mx])",
        "mx": "SUM([FILL(mx1, 0), FILL(mx2, 0)]) * -1000000000",
    }
    assert window(dev, "dead-letters-not-picked-up") == (0, 300, 3, 3)


@pytest.mark.parametrize(("stack", "span"), [("dev", 3 * 180), ("tuned", 8 * (6 * 100 + 20))])
def test_a_task_that_is_merely_retried_is_not_a_backlog(
    stack: str, span: int, request: pytest.FixtureRequest
) -> None:
    run: ProgramRun = request.getfixturevalue(stack)
    queue = {"QueueName": "taskguard-dev-tasks"}
    process = {"FunctionName": "taskguard-dev-process-task"}
    assert read(run, "task-queue-too-old") == {
        "m1": ("AWS/SQS", "ApproximateAgeOfOldestMessage", queue, "Maximum"),
        **refused(("UpdateItem",)),
        "n1": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue, "Minimum"),
        "nx1": ("AWS/Lambda", "Invocations", process, "Sum"),
        "nx2": ("AWS/Lambda", "Throttles", process, "Sum"),
    }
    formula = steps(run, "task-queue-too-old")
    assert formula["total"] == "MAX([a, b])"
    assert formula["a"] == f"SUM([FILL(m1, 0), mx]) - {span + 300}"
    assert formula["b"] == "SUM([FILL(n1, 0), nx]) - 0"
    assert window(run, "task-queue-too-old") == (0, 60, 5, 15)


def test_messages_in_flight_are_told_before_sqs_falls_silent(dev: ProgramRun) -> None:
    queue = {"QueueName": "taskguard-dev-tasks"}
    metric = ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", queue, "Maximum")
    assert watched(dev, "too-many-in-flight") == metric
    assert window(dev, "too-many-in-flight") == (80_000, 60, 3, 5)


def test_a_kind_that_no_worker_can_do_is_told_at_the_first_task(dev: ProgramRun) -> None:
    own = {"service": "taskguard-dev"}
    assert watched(dev, "kind-unavailable") == ("TaskGuard", "KindUnavailable", own, "Sum")
    assert window(dev, "kind-unavailable") == (0, 60, 1, 15)


def test_what_aws_refuses_is_told(dev: ProgramRun) -> None:
    own = {"service": "taskguard-dev"}
    assert watched(dev, "aws-refused") == ("TaskGuard", "AwsRefused", own, "Sum")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_watched_for_errors(dev: ProgramRun, function: str) -> None:
    name = {"FunctionName": f"taskguard-dev-{function}"}
    assert watched(dev, f"{function}-errors") == ("AWS/Lambda", "Errors", name, "Sum")
    assert window(dev, f"{function}-errors") == (0, 60, 1, 15)


def test_all_functions_are_watched_for_throttles_at_once(dev: ProgramRun) -> None:
    read_ = read(dev, "functions-throttled").values()
    assert {(name, statistic) for _, name, _, statistic in read_} == {("Throttles", "Sum")}
    names = {dimensions["FunctionName"] for _, _, dimensions, _ in read_}
    assert names == {f"taskguard-dev-{function}" for function in FUNCTIONS}
    assert window(dev, "functions-throttled") == (0, 60, 1, 15)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("stack", ["dev", "tuned"])
def test_every_function_is_watched_for_coming_close_to_its_timeout(
    stack: str, function: str, request: pytest.FixtureRequest
) -> None:
    run: ProgramRun = request.getfixturevalue(stack)
    timeout = run.one("aws:lambda/function:Function", function).inputs["timeout"]
    name = {"FunctionName": f"taskguard-dev-{function}"}
    assert read(run, f"{function}-near-timeout") == {
        "m1": ("AWS/Lambda", "Duration", name, "Maximum"),
        "mx1": ("AWS/Lambda", "Errors", name, "Sum"),
    }
    assert window(run, f"{function}-near-timeout") == (timeout * 800, 60, 1, 15)


API = {"ApiId": "taskguard-dev", "Stage": "$default"}
THROTTLED: tuple[str, str, dict[str, str], str] = ("TaskGuard/taskguard-dev", "ApiThrottled", {}, "Sum")


def test_the_api_is_watched_for_server_errors_and_latency(dev: ProgramRun) -> None:
    failed = [
        ("AWS/Lambda", name, {"FunctionName": f"taskguard-dev-{function}"}, "Sum")
        for function in ("submit-task", "get-task")
        for name in ("Errors", "Throttles")
    ]
    assert read(dev, "api-server-errors") == {
        "m1": ("AWS/ApiGateway", "5xx", API, "Sum"),
        **{f"mx{number}": metric for number, metric in enumerate(failed, start=1)},
        **refused(("GetItem", "PutItem"), first=5),
    }
    assert window(dev, "api-server-errors") == (0, 60, 3, 5)
    assert read(dev, "api-latency") == {
        "m1": ("AWS/ApiGateway", "Latency", API, "p99"),
        "mx1": ("AWS/ApiGateway", "5xx", API, "Sum"),
    }
    assert window(dev, "api-latency") == (3000, 60, 9, 15)


def test_the_api_is_watched_for_calls_that_are_refused(dev: ProgramRun) -> None:
    assert read(dev, "api-client-errors") == {
        "m1": ("AWS/ApiGateway", "4xx", API, "Sum"),
        "mx1": THROTTLED,
        "ms1": ("AWS/ApiGateway", "Count", API, "Sum"),
    }
    assert steps(dev, "api-client-errors") == {
        "total": "SUM([m1, mx, ms])",
        "mx": "SUM([FILL(mx1, 0)]) * -1000000000",
        "ms": "SUM([FILL(ms1, 0)]) * -0.5",
    }
    assert window(dev, "api-client-errors") == (5, 60, 9, 15)


def test_answers_429_are_counted_from_the_access_log_and_told(dev: ProgramRun) -> None:
    found = alarm(dev, "api-throttled")
    assert (found["namespace"], found["metricName"], found["dimensions"], found["statistic"]) == THROTTLED
    assert window(dev, "api-throttled") == (0, 60, 3, 5)
    counted = dev.one("aws:cloudwatch/logMetricFilter:LogMetricFilter", "api-throttled").inputs
    stage = dev.one("aws:apigatewayv2/stage:Stage", "api-stage").inputs["accessLogSettings"]
    assert stage["destinationArn"].endswith(f":log-group:{counted['logGroupName']}")
    # The variables stand in quotes in the access log, so a number is text there.
    assert json.loads(stage["format"])["status"] == "$context.status"
    assert counted["pattern"] == '{ $.status = "429" }'
    assert counted["metricTransformation"] == {
        "namespace": "TaskGuard/taskguard-dev",
        "name": "ApiThrottled",
        "value": "1",
        "defaultValue": "0",
        "unit": "Count",
    }


def test_the_table_and_its_indexes_are_watched_for_throttling(dev: ProgramRun) -> None:
    table = {"TableName": "taskguard-dev-tasks"}
    dead_letters, due = ({**table, "GlobalSecondaryIndexName": name} for name in ("deadLetters", "due"))
    assert list(read(dev, "table-throttled").values()) == [
        ("AWS/DynamoDB", "ReadThrottleEvents", table, "Sum"),
        ("AWS/DynamoDB", "WriteThrottleEvents", table, "Sum"),
        ("AWS/DynamoDB", "WriteThrottleEvents", dead_letters, "Sum"),
        ("AWS/DynamoDB", "WriteThrottleEvents", due, "Sum"),
    ]
    filled = ", ".join(f"FILL(m{number}, 0)" for number in range(1, 5))
    assert steps(dev, "table-throttled") == {"total": f"SUM([{filled}])"}
    assert window(dev, "table-throttled") == (0, 60, 3, 5)


def test_the_table_is_watched_for_system_errors_of_all_that_the_functions_do(dev: ProgramRun) -> None:
    assert list(read(dev, "table-system-errors").values()) == [
        ("AWS/DynamoDB", "SystemErrors", {"TableName": "taskguard-dev-tasks", "Operation": operation}, "Sum")
        for operation in ("GetItem", "PutItem", "Query", "Scan", "UpdateItem")
    ]
    assert window(dev, "table-system-errors") == (0, 60, 3, 5)


def test_a_waker_that_finishes_no_run_in_three_of_its_periods_is_seen(dev: ProgramRun) -> None:
    own = {"service": "taskguard-dev"}
    assert watched(dev, "waker-not-running") == ("TaskGuard", "WakerRuns", own, "Sum")
    assert window(dev, "waker-not-running") == (1, 300, 3, 3)
    assert dev.one("aws:scheduler/schedule:Schedule", "wake-due").inputs["scheduleExpression"] == (
        "rate(5 minutes)"
    )


def test_tasks_that_get_no_message_in_time_are_seen(dev: ProgramRun) -> None:
    own = {"service": "taskguard-dev"}
    assert watched(dev, "tasks-overdue") == ("TaskGuard", "TaskOverdue", own, "Maximum")
    assert window(dev, "tasks-overdue") == (600, 300, 1, 1)


@pytest.mark.parametrize(("stack", "rate"), [("dev", 5), ("tuned", 71)])
def test_a_volume_of_writes_that_costs_much_is_told(
    stack: str, rate: int, request: pytest.FixtureRequest
) -> None:
    run: ProgramRun = request.getfixturevalue(stack)
    table = {"TableName": "taskguard-dev-tasks"}
    assert list(read(run, "table-written-much").values()) == [
        ("AWS/DynamoDB", "ConsumedWriteCapacityUnits", table, "Sum")
    ]
    assert window(run, "table-written-much") == (rate * 3600 * 3, 3600, 6, 24)
