"""The program and the functions never import each other; here they are compared with each other."""

import json
from collections import UserDict
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from get_task.handler import GetSettings
from infra.needs import READ_SECONDS, SUBMIT_SECONDS, TASKS_BY_ROUTE
from infra.settings.limits import backoffs_seconds
from monitor_dlq.handler import MonitorSettings
from process_task.handler import ProcessSettings
from submit_task.handler import SubmitSettings
from taskguard.edge.requests import MAX_BATCH_TASKS
from taskguard.edge.telemetry import GAUGES, LATENCY, METRICS, Telemetry
from taskguard.model.retry import RetryPolicy
from taskguard.storage.aws import CONFIG
from tests.support.program import ProgramRun
from wake_tasks.handler import WakeSettings

READERS: dict[str, Callable[[Mapping[str, str]], object]] = {
    "get-task": GetSettings.read,
    "monitor-dlq": MonitorSettings.read,
    "process-task": ProcessSettings.read,
    "submit-task": SubmitSettings.read,
    "wake-tasks": WakeSettings.read,
}


class Remembered(UserDict[str, str]):
    """An environment that remembers which keys were read."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def environment(run: ProgramRun, function: str) -> dict[str, str]:
    variables: dict[str, str] = run.one("aws:lambda/function:Function", function).inputs["environment"][
        "variables"
    ]
    return variables


@pytest.mark.parametrize("stack", ["dev", "prod", "tuned"])
@pytest.mark.parametrize(("function", "read"), READERS.items())
def test_each_function_reads_exactly_the_environment_that_it_is_given(
    stack: str, function: str, read: Callable[[Mapping[str, str]], object], request: pytest.FixtureRequest
) -> None:
    given = Remembered(environment(request.getfixturevalue(stack), function))
    read(given)
    # Powertools reads its log level itself.
    assert given.asked | {"POWERTOOLS_LOG_LEVEL"} == set(given)


@pytest.mark.parametrize(("attempts", "base", "longest"), [(3, 5, 900), (8, 2, 61), (1, 1, 1), (100, 1, 900)])
def test_the_backoffs_that_the_program_calculates_with_are_those_of_the_functions(
    attempts: int, base: int, longest: int
) -> None:
    policy = RetryPolicy(max_attempts=attempts, backoff_base_seconds=base, max_backoff_seconds=longest)
    functions = [policy.backoff_seconds(number) for number in range(1, attempts)]
    assert backoffs_seconds(attempts, base, longest) == functions


def test_a_function_outlives_its_calls_to_an_aws_that_cannot_be_reached() -> None:
    """Cut off before, it would answer 500 where a 503 that says what to do is promised."""
    options = vars(CONFIG)
    connect, read = options["connect_timeout"], options["read_timeout"]
    attempts = options["retries"]["total_max_attempts"]
    # At most 1 s before the second attempt, twice that before the third:
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    waits = sum(2**number for number in range(attempts - 1))
    assert connect == 3
    assert attempts * (connect + read) + waits < READ_SECONDS
    assert 2 * (attempts * max(connect, read) + waits) < SUBMIT_SECONDS < 30


def test_the_batches_that_the_api_counts_by_their_tasks_are_those_that_submit_task_takes() -> None:
    assert TASKS_BY_ROUTE == {"POST /tasks/batch": MAX_BATCH_TASKS}


@pytest.fixture
def emitted(dev: ProgramRun, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The line of metrics that a function with its real environment writes after every kind of event."""
    variables = environment(dev, "process-task")
    telemetry = Telemetry(variables["POWERTOOLS_SERVICE_NAME"], variables["POWERTOOLS_METRICS_NAMESPACE"])
    for event in METRICS:
        telemetry.report(event)
    telemetry.latency(timedelta(seconds=1))
    for gauge in GAUGES:
        telemetry.gauge(gauge, 1)
    capsys.readouterr()
    telemetry.flush()
    line: dict[str, Any] = json.loads(capsys.readouterr().out)
    return line


def test_every_own_metric_that_is_watched_is_written_in_its_namespace_with_its_dimensions(
    dev: ProgramRun, emitted: dict[str, Any]
) -> None:
    (directive,) = emitted["_aws"]["CloudWatchMetrics"]
    written = {
        (directive["Namespace"], metric["Name"], *(part for key in keys for part in (key, emitted[key])))
        for keys in directive["Dimensions"]
        for metric in directive["Metrics"]
    }
    body = dev.one("aws:cloudwatch/dashboard:Dashboard", "dashboard").json("dashboardBody")
    shown = {tuple(row) for widget in body["widgets"] for row in widget["properties"].get("metrics", [])}
    alarms = (each.inputs for each in dev.all("aws:cloudwatch/metricAlarm:MetricAlarm"))
    watched = {
        ("TaskGuard", each["metricName"], *(part for pair in each["dimensions"].items() for part in pair))
        for each in alarms
        if each.get("namespace") == "TaskGuard"
    }
    assert watched
    assert watched <= written
    assert {metric for metric in shown if metric[0] == "TaskGuard"} == written


def test_all_metrics_that_are_promised_are_written(emitted: dict[str, Any]) -> None:
    (directive,) = emitted["_aws"]["CloudWatchMetrics"]
    names = {metric["Name"] for metric in directive["Metrics"]}
    assert names == {*METRICS.values(), LATENCY, *GAUGES}
