"""What an alarm tells a person to do can be done: its commands, settings and saved queries exist."""

import re

import pytest
import yaml

from ops.cli import app
from taskguard.edge.telemetry import Event
from tests.proofs.conformance.recording import Recording, recording
from tests.proofs.conformance.watched_metrics import ALARM
from tests.support.program import REPOSITORY, run_program

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
    Event.DUPLICATE,
    Event.BUSY,
}


@pytest.fixture(scope="module")
def recorded() -> Recording:
    """Return the recording of production."""
    return recording("prod")


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
    logged = {key for line in recorded.lines for key in line} | LAMBDA_FIELDS
    (fields,) = re.findall(r"^fields (.+)$", queries()[name], re.MULTILINE)
    named = {each.strip().split(".")[0] for each in fields.split(",") if not each.strip().startswith("@")}
    assert named <= logged
    filters = set(re.findall(r"\b(\w+) (?:=|in) ", queries()[name]))
    assert filters <= logged


def test_a_saved_query_names_events_that_are_logged() -> None:
    events = re.findall(r'event = "(\w+)"', "\n".join(queries().values()))
    assert events
    assert set(events) <= set(Event)


def test_the_query_for_errors_finds_every_line_about_something_that_went_wrong(recorded: Recording) -> None:
    sought = set(re.findall(r'"([A-Z]+)"', queries()["errors"]))
    wrong = [line for line in recorded.lines if "event" in line and line["event"] not in HARMLESS]
    assert {line["event"] for line in wrong} == set(Event) - HARMLESS
    assert {line["event"] for line in wrong if line["level"] not in sought} == set()
