"""Every metric that is watched is one that somebody publishes, name by name and dimension by dimension.

What an alarm tells a person to do can be done: its commands, settings and saved queries exist.
"""

import json
import re
from dataclasses import replace

import pytest
import yaml

from infra.components.api import ACCESS_LOG_FORMAT
from ops.cli import app
from taskguard.edge import telemetry
from taskguard.edge.telemetry import Event
from tests.proofs.conformance.metrics import (
    ALARM,
    METRICS,
    Metric,
    alarm_metrics,
    dashboard_metrics,
    emitted_metrics,
    filtered_metrics,
    known_values,
)
from tests.proofs.conformance.recording import Recording, recording
from tests.support.program import REPOSITORY, run_program

OWN = "TaskGuard"
UNITS = {
    **dict.fromkeys(telemetry.METRICS.values(), "Count"),
    telemetry.LATENCY: "Milliseconds",
    **{name: unit.value for name, unit in telemetry.GAUGES.items()},
}


@pytest.fixture(scope="module")
def recorded() -> Recording:
    """Return the recording of production."""
    return recording("prod")


@pytest.fixture(scope="module")
def watched(recorded: Recording) -> set[Metric]:
    """Return all metrics that alarms and the dashboard read."""
    alarms = {metric for alarm in recorded.run.all(ALARM) for metric in alarm_metrics(alarm)}
    return alarms | set(dashboard_metrics(recorded.run))


def unpublished(metrics: set[Metric], recorded: Recording) -> list[Metric]:
    """Return the metrics that nobody publishes in this stack."""
    emitted, values = emitted_metrics(recorded), known_values(recorded.run)
    filtered = filtered_metrics(recorded.run)
    operations = {call.action.split(":")[1] for call in recorded.calls if call.action.startswith("dynamodb:")}
    values["Operation"] = operations

    def published(metric: Metric) -> bool:
        if metric.namespace == OWN:
            return metric in emitted
        if metric.namespace.startswith(f"{OWN}/"):
            return metric in filtered
        sets = METRICS.get(metric.namespace, {}).get(metric.name, frozenset())
        known = all(value in values.get(key, ()) for key, value in metric.dimensions)
        return known and frozenset(dict(metric.dimensions)) in sets

    return sorted(metric for metric in metrics if not published(metric))


def test_every_metric_that_is_watched_is_published(watched: set[Metric], recorded: Recording) -> None:
    assert len(watched) > 25
    assert unpublished(watched, recorded) == []


def test_a_wrong_name_dimension_or_value_shows(watched: set[Metric], recorded: Recording) -> None:
    for metric in watched:
        values = tuple((key, value + "-") for key, value in metric.dimensions)
        for wrong in (
            replace(metric, name=metric.name + "s"),
            replace(metric, dimensions=(*metric.dimensions, ("Color", "red"))),
            *([replace(metric, dimensions=values)] if values else []),
        ):
            assert unpublished({wrong}, recorded) == [wrong]


def test_the_functions_emit_what_the_design_names_under_one_dimension(recorded: Recording) -> None:
    emitted = emitted_metrics(recorded)
    assert {metric.name for metric in emitted} == set(UNITS)
    assert {metric.dimensions for metric in emitted} == {(("service", "taskguard-prod"),)}


def test_each_metric_has_its_unit(recorded: Recording) -> None:
    units = {
        metric["Name"]: metric["Unit"]
        for line in recorded.lines
        if "_aws" in line
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }
    assert units == UNITS


def test_every_alarm_reports_going_off_to_the_topic_and_nothing_elsewhere(recorded: Recording) -> None:
    topic = [recorded.run.exports["alarmTopicArn"]]
    alarms = recorded.run.all(ALARM)
    assert len(alarms) >= 20
    assert all(alarm.inputs["alarmActions"] == topic for alarm in alarms)
    assert all(alarm.inputs.get("okActions", topic) == topic for alarm in alarms)


def test_every_own_metric_stands_on_the_dashboard(recorded: Recording) -> None:
    shown = {metric for metric in dashboard_metrics(recorded.run) if metric.namespace == OWN}
    assert shown == emitted_metrics(recorded)


QUERY = "aws:cloudwatch/queryDefinition:QueryDefinition"
# Of Lambda's own report of an uncaught error in its JSON log format:
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
LAMBDA_FIELDS = {"errorMessage", "errorType", "stackTrace", "requestId", "type", "record"}
# Events whose line is no news for a person who looks for what went wrong.
HARMLESS = {
    Event.SUBMITTED,
    Event.SUBMIT_REPEATED,
    Event.SUBMIT_REJECTED,
    Event.READ,
    Event.STARTED,
    Event.COMPLETED,
    Event.RETRY,
    Event.POSTPONED,
    Event.EARLY,
    Event.REDRIVEN,
    Event.PASSED_ON,
    Event.WOKEN,
    Event.DUPLICATE,
    Event.BUSY,
}


def queries() -> dict[str, str]:
    """Return the saved queries by name, without the stack's part."""
    return {
        each.inputs["name"].split("/")[1]: each.inputs["queryString"]
        for each in run_program("prod").all(QUERY)
    }


def descriptions() -> str:
    """Return what all alarms say."""
    return "\n".join(alarm.inputs["alarmDescription"] for alarm in run_program("prod").all(ALARM))


def test_every_command_and_query_that_an_alarm_names_exists() -> None:
    commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
    quoted = set(re.findall(r"`([^`]+)`", descriptions()))
    named = {each.removeprefix("python -m ") for each in quoted}
    assert {f"ops {each}" for each in commands} | set(queries()) >= named
    assert any(each.startswith("ops ") for each in named)


def test_every_setting_that_an_alarm_names_exists() -> None:
    settings = set(yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())["config"])
    elsewhere = {"integrationError", "integrationLatency"}  # fields of the access log
    named = set(re.findall(r"\b[a-z]+(?:[A-Z][a-z]+)+\b", descriptions())) - elsewhere
    assert named >= {"maxConcurrency", "batchSize"}
    assert named <= settings


@pytest.mark.parametrize("name", queries())
def test_a_saved_query_reads_fields_that_are_logged(name: str, recorded: Recording) -> None:
    logged = (
        {key for line in recorded.lines for key in line} | LAMBDA_FIELDS | set(json.loads(ACCESS_LOG_FORMAT))
    )
    (fields,) = re.findall(r"^fields (.+)$", queries()[name], re.MULTILINE)
    named = {each.strip().split(".")[0] for each in fields.split(",") if not each.strip().startswith("@")}
    assert named <= logged
    filters = set(re.findall(r"\b(\w+) (?:=|in) ", queries()[name]))
    assert filters <= logged


def test_a_saved_query_names_events_that_are_logged() -> None:
    events = re.findall(r'"event":"(\w+)"', "\n".join(queries().values()))
    assert events
    assert set(events) <= set(Event)


def test_the_query_for_errors_finds_every_line_about_something_that_went_wrong(recorded: Recording) -> None:
    sought = set(re.findall(r'"([A-Z]+)"', queries()["errors"]))
    wrong = [line for line in recorded.lines if "event" in line and line["event"] not in HARMLESS]
    assert {line["event"] for line in wrong} == set(Event) - HARMLESS
    assert {line["event"] for line in wrong if line["level"] not in sought} == set()


def parsed(line: str) -> dict[str, str]:
    """Return what the query for dead letters reads from a line; Python writes its groups with a `P`."""
    expressions = re.findall(r"^\| parse @message /(.+)/$", queries()["dead-letters"], re.MULTILINE)
    matches = [re.search(each.replace("(?<", "(?P<"), line) for each in expressions]
    return {name: text for match in matches if match for name, text in match.groupdict().items()}


@pytest.mark.parametrize("kept", [1.0, 0.5, 0.0], ids=["whole", "half", "none"])
def test_the_query_for_dead_letters_shows_the_error_whatever_the_payload_is(
    recorded: Recording, kept: float
) -> None:
    """The payload comes last, as text: Insights finds 200 fields, and a long line is cut off."""
    lures = {"taskId": "lure", "lastError": {"type": "lure", "message": "lure"}, "createdAt": "lure"}
    payload = json.dumps([lures, *({f"key-{number}": number} for number in range(1000))])
    dead = [line for line in recorded.lines if line.get("event") == Event.DEAD_LETTER and line["lastError"]]
    assert dead
    for line in dead:
        line_ = {key: value for key, value in line.items() if key != "payload"}
        line_["lastError"] = {**line["lastError"], "message": 'it said "no" \\ {'}
        before = json.dumps(line_, separators=(",", ":"))[:-1]
        text = json.dumps(payload)
        logged = f'{before},"payload":{text}}}'[: len(before) + 12 + int(kept * (len(text) + 1))]
        assert re.search('"event":"TASK_DEAD_LETTER"', logged)
        assert parsed(logged) == {
            "task": line["taskId"],
            "errorType": line["lastError"]["type"],
            "errorMessage": r"it said \"no\" \\ {",
            "created": line["createdAt"],
            "failed": line["failedAt"],
        }
