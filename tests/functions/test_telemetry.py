import sys
from datetime import timedelta
from typing import Any

import pytest

from taskguard.edge.telemetry import LATENCY, METRICS, Event, Telemetry
from taskguard.perform import Performer
from tests.support.aws_in_process import System
from tests.support.log_lines import LINE_SEPARATORS, documents, forged


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return documents(capsys.readouterr().out)


def test_each_counted_event_is_a_metric_under_the_service_alone(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry("taskguard-test", "TaskGuard")
    for event in Event:
        telemetry.report(event, taskId="a")
    telemetry.latency(timedelta(seconds=1.5))
    telemetry.flush()
    emf = _lines(capsys)[-1]
    (directive,) = emf["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("TaskGuard", [["service"]])
    assert {m["Name"] for m in directive["Metrics"]} == {*METRICS.values(), LATENCY}
    assert (emf["service"], emf[LATENCY]) == ("taskguard-test", [1500.0])


def test_flushing_without_metrics_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Telemetry("taskguard-test", "TaskGuard").flush()
    assert _lines(capsys) == []


def test_every_line_of_a_task_names_task_attempt_invocation_and_correlation(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    system.submit({"taskId": "a", "payload": 1}, headers={"x-correlation-id": "order-7"})
    system.process(*system.receive())
    lines = [line for line in _lines(capsys) if "event" in line]
    assert [line["event"] for line in lines] == ["TASK_SUBMITTED", "TASK_STARTED", "TASK_COMPLETED"]
    assert {line["taskId"] for line in lines} == {"a"}
    assert {line["correlationId"] for line in lines} == {"order-7"}
    assert {line["functionRequestId"] for line in lines} == {"request-1"}
    assert [line.get("attempt") for line in lines] == [None, 1, 1]


def test_a_failure_is_logged_with_its_stack_trace(
    system: System, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no luck")

    monkeypatch.setattr(Performer, "perform", staticmethod(fail))
    system.submit({"taskId": "a", "payload": 1})
    system.process(*system.receive())
    (line,) = [line for line in _lines(capsys) if line.get("event") == "TASK_RETRY"]
    assert line["exception_name"] == "ValueError"
    assert "no luck" in line["exception"]
    assert line["waitSeconds"] == 5


def test_the_separators_tried_are_all_there_are() -> None:
    characters = map(chr, range(sys.maxunicode + 1))
    assert set(LINE_SEPARATORS) == {c for c in characters if len(f"a{c}b".splitlines()) > 1}


@pytest.mark.parametrize("separator", LINE_SEPARATORS, ids=ascii)
def test_no_text_cuts_a_log_line_or_forges_one(separator: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = forged(separator)
    telemetry = Telemetry("taskguard-test", "TaskGuard")
    with telemetry.invocation(text):
        telemetry.report(
            Event.RETRY, error=ValueError(text), taskId=text, payload={text: [text]}, reason=text
        )
    line, _metrics = _lines(capsys)
    assert line["event"] == "TASK_RETRY"
    assert list(line.values()).count(text) == 3, "request id, taskId, reason"
    assert line["payload"] == {text: [text]}
    assert text in line["exception"]


def test_other_characters_stay_readable_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    Telemetry("taskguard-test", "TaskGuard").report(Event.READ, taskId="Größe, 大きさ, 😀")
    assert "Größe, 大きさ, 😀" in capsys.readouterr().out


def test_a_metric_line_is_one_line_whatever_the_service_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    service = f"taskguard{LINE_SEPARATORS}test"
    telemetry = Telemetry(service, "TaskGuard")
    telemetry.latency(timedelta(seconds=1))
    telemetry.flush()
    (line,) = _lines(capsys)
    assert line["service"] == service
