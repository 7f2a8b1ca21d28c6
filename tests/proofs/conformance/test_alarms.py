"""Every metric that is watched is one that somebody publishes: name by name, dimension by dimension."""

from dataclasses import replace

import pytest

from taskguard.edge import telemetry
from tests.proofs.conformance.aws_metrics import METRICS
from tests.proofs.conformance.recording import Recording, recording
from tests.proofs.conformance.watched_metrics import (
    ALARM,
    Metric,
    alarm_metrics,
    dashboard_metrics,
    emitted_metrics,
    known_values,
)

OWN = "TaskGuard"
OWN_NAMES = {*telemetry.METRICS.values(), telemetry.LATENCY}


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
    operations = {call.action.split(":")[1] for call in recorded.calls if call.action.startswith("dynamodb:")}
    values["Operation"] = operations

    def published(metric: Metric) -> bool:
        if metric.namespace == OWN:
            return metric in emitted
        sets = METRICS.get(metric.namespace, {}).get(metric.name, frozenset())
        known = all(value in values.get(key, ()) for key, value in metric.dimensions)
        return known and frozenset(dict(metric.dimensions)) in sets

    return sorted(metric for metric in metrics if not published(metric))


def test_every_metric_that_is_watched_is_published(watched: set[Metric], recorded: Recording) -> None:
    assert len(watched) > 25
    assert unpublished(watched, recorded) == []


def test_a_wrong_name_dimension_or_value_shows(watched: set[Metric], recorded: Recording) -> None:
    for metric in watched:
        for wrong in (
            replace(metric, name=metric.name + "s"),
            replace(metric, dimensions=(*metric.dimensions, ("Color", "red"))),
            replace(metric, dimensions=tuple((key, value + "-") for key, value in metric.dimensions)),
        ):
            assert unpublished({wrong}, recorded) == [wrong]


def test_the_functions_emit_what_the_design_names_under_one_dimension(recorded: Recording) -> None:
    emitted = emitted_metrics(recorded)
    assert {metric.name for metric in emitted} == OWN_NAMES
    assert {metric.dimensions for metric in emitted} == {(("service", "taskguard-prod"),)}


def test_latency_is_in_milliseconds_and_all_else_is_counted(recorded: Recording) -> None:
    units = {
        metric["Name"]: metric["Unit"]
        for line in recorded.lines
        if "_aws" in line
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }
    assert units == {**dict.fromkeys(OWN_NAMES, "Count"), telemetry.LATENCY: "Milliseconds"}


def test_every_alarm_reports_going_off_and_being_over_to_the_topic(recorded: Recording) -> None:
    topic = [recorded.run.exports["alarmTopicArn"]]
    alarms = recorded.run.all(ALARM)
    assert len(alarms) >= 20
    assert all(alarm.inputs["alarmActions"] == alarm.inputs["okActions"] == topic for alarm in alarms)


def test_every_own_metric_stands_on_the_dashboard(recorded: Recording) -> None:
    shown = {metric for metric in dashboard_metrics(recorded.run) if metric.namespace == OWN}
    assert shown == emitted_metrics(recorded)
