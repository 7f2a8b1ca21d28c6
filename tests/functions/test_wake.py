"""Waking through the handler: who gets a message, when, and what is measured."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import taskguard.wake
from taskguard.model.errors import AwsError, RetryAfter
from taskguard.model.record import Status
from taskguard.storage.indexes import TaskIndexes
from taskguard.work import Perform
from tests.support.attempts import raising, submit
from tests.support.aws_calls import failing, recorded
from tests.support.aws_in_process import System
from tests.support.events import Context, sqs_record
from tests.support.log_lines import documents

HOUR = 3600
RETENTION = 4 * 24 * HOUR


@pytest.fixture
def waiting(system: System, performing: Callable[[Perform], None]) -> System:
    """A system whose task `a` waits for an hour in the table; its work then completes."""
    performing(raising(RetryAfter(HOUR)))
    submit(system)
    system.process(*system.receive())
    performing(lambda task, context: "done")
    return system


def test_a_task_in_the_table_is_woken_within_the_horizon_to_the_second(waiting: System) -> None:
    system = waiting
    system.clock.advance(HOUR - 15 * 60 - 1)
    assert system.wake()["woken"] == 0
    system.clock.advance(61)
    with recorded("SendMessage", "DelaySeconds") as delays:
        assert system.wake()["woken"] == 1
    assert delays == [14 * 60]
    record = system.record("a")
    assert (record.status, record.due_at, record.sent_at) == (Status.RETRYING, None, system.clock())
    assert system.wake()["woken"] == 0, "it has its message"
    system.clock.advance(14 * 60)
    body = {"taskId": "a", "payload": {"n": "a"}, "generation": 1}
    assert system.process(sqs_record(body)) == []
    assert system.record("a").status is Status.COMPLETED


def test_a_message_that_cannot_be_sent_leaves_the_task_due(waiting: System) -> None:
    waiting.clock.advance(HOUR)
    with failing("SendMessage"):
        assert waiting.wake()["woken"] == 0
    assert waiting.record("a").due_at is not None
    assert waiting.wake()["woken"] == 1


def test_a_mark_that_cannot_be_written_costs_a_second_message_and_no_task(waiting: System) -> None:
    waiting.clock.advance(HOUR)
    with failing("UpdateItem"):
        assert waiting.wake()["woken"] == 0
    assert waiting.wake()["woken"] == 1
    first, second = waiting.receive()
    assert waiting.process(first) == waiting.process(second) == []
    assert waiting.record("a").attempt_count == 2, "the postponed one, and one more"


def test_an_index_that_is_behind_wakes_nobody_before_the_time(
    waiting: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TaskIndexes, "due", lambda *_: ["a", "gone"])
    assert waiting.wake()["woken"] == 0
    assert waiting.record("a").due_at is not None


@pytest.mark.parametrize("stranded", ["QUEUED", "RETRYING", "PROCESSING"])
def test_an_open_task_whose_message_expired_gets_a_new_one(
    system: System, performing: Callable[[Perform], None], stranded: str
) -> None:
    submit(system)
    (record,) = system.receive()
    if stranded == "RETRYING":
        performing(raising(ValueError()))
        system.process(record)
    elif stranded == "PROCESSING":
        performing(raising(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            system.process(record)
    assert system.record("a").status == stranded
    system.sqs.purge_queue(QueueUrl=system.queue_url)
    system.clock.advance(RETENTION)
    assert system.wake("scan")["rescued"] == 0, "its message may be there for another hour"
    system.clock.advance(HOUR + 1)
    assert system.wake("due")["rescued"] == 0, "only the daily run scans"
    assert system.wake("scan")["rescued"] == 1
    assert (system.record("a").status, system.record("a").sent_at) == (stranded, system.clock())
    assert system.wake("scan")["rescued"] == 0
    performing(lambda task, context: "done")
    assert system.process(*system.receive()) == []
    assert system.record("a").status is Status.COMPLETED


def test_a_given_up_task_gets_its_dead_letter_again_after_a_day(
    system: System, performing: Callable[[Perform], None]
) -> None:
    performing(raising(ValueError()))
    system.environment["MAX_ATTEMPTS"] = "1"
    submit(system)
    system.process(*system.receive())
    system.sqs.purge_queue(QueueUrl=system.dead_letter_url)
    assert system.wake("scan")["rescued"] == 0
    system.clock.advance(24 * HOUR + 1)
    assert system.wake("scan")["rescued"] == 1
    assert system.receive() == []
    assert system.watch(*system.receive(system.dead_letter_url)) == []
    assert system.record("a").status is Status.DEAD_LETTERED


def test_a_scan_that_is_cut_short_goes_on_at_the_next_run_whichever_that_is(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taskguard.wake, "MAX_ROUNDS", 1)
    scan = system.dynamodb.scan

    def small_pages(**request: Any) -> Any:
        return scan(**request, Limit=2)

    for number in range(20):
        submit(system, f"t-{number}")
    system.clock.advance(RETENTION + HOUR + 1)
    monkeypatch.setattr(system.dynamodb, "scan", small_pages)
    first = system.wake("scan")["rescued"]
    assert 0 < first < 20
    rescued = first
    for _ in range(20):
        rescued += system.wake("due")["rescued"]
    assert rescued == 20


def test_a_run_stops_before_its_time_is_over(waiting: System) -> None:
    waiting.clock.advance(HOUR)
    assert waiting.wake(context=Context(remaining_ms=20_000)) == {
        "woken": 0,
        "measured": 0,
        "rescued": 0,
    }
    assert waiting.record("a").due_at is not None


def test_an_index_that_cannot_be_read_still_leaves_measures_and_scan(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    system.submit({"taskId": "b", "payload": 1})
    system.clock.advance(RETENTION + 2 * HOUR)
    capsys.readouterr()
    with failing("Query", times=1), pytest.raises(AwsError, match="Query"):
        system.wake("scan")
    assert system.record("b").sent_at == system.clock(), "the scan found it"
    lines = documents(capsys.readouterr().out)
    assert [line["part"] for line in lines if line.get("event") == "AWS_UNAVAILABLE"] == ["woken"]
    assert any("WakerRuns" in line for line in lines)


def test_open_dead_letters_their_age_and_lateness_are_measured(
    waiting: System, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("x", "y"):
        waiting.watch(sqs_record({"taskId": name, "payload": 1}))
        waiting.clock.advance(60)
    waiting.clock.advance(HOUR)
    capsys.readouterr()
    with failing("SendMessage"):
        waiting.wake()
    (metrics,) = [line for line in documents(capsys.readouterr().out) if "WakerRuns" in line]
    assert metrics["DeadLettersOpen"] == [2.0]
    assert metrics["DeadLetterOldestAge"] == [HOUR + 120.0]
    assert metrics["TaskOverdue"] == [120.0]
    assert metrics["WakerRuns"] == [1.0]
    monkeypatch.setattr(taskguard.wake, "MAX_COUNTED", 1)
    waiting.wake()
    (metrics,) = [line for line in documents(capsys.readouterr().out) if "WakerRuns" in line]
    assert metrics["DeadLettersOpen"] == [1.0], "counting costs reads, and stops"


def test_a_repeated_submit_wakes_a_task_whose_message_is_gone(
    system: System, performing: Callable[[Perform], None]
) -> None:
    performing(raising(ValueError()))
    submit(system)
    system.process(*system.receive())
    system.sqs.purge_queue(QueueUrl=system.queue_url)
    submit(system)
    assert system.receive() == [], "its message may still come"
    system.clock.advance(RETENTION + HOUR + 1)
    submit(system)
    (record,) = system.receive()
    assert json.loads(record["body"])["taskId"] == "a"
    assert system.record("a").sent_at == system.clock()
