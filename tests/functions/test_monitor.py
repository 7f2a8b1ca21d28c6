"""Dead letters through the handler: record, log line, and only then the message goes."""

import json
from datetime import timedelta
from typing import Any, NoReturn

import pytest

from taskguard.model.errors import RetryAfter
from taskguard.model.record import Status
from taskguard.perform import Performer
from tests.support.aws_calls import failing
from tests.support.aws_in_process import System, running_system
from tests.support.events import sqs_record

LETTER = {"taskId": "a", "payload": {"n": 1}, "generation": 1}


def _fail_three_times(system: System) -> None:
    system.submit({"taskId": "a", "payload": {"n": 1}})
    (record,) = system.receive()
    for _ in range(3):
        system.process(record)
        system.clock.advance(10)


def _dead_letter_lines(output: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in output.splitlines()]
    return [line for line in lines if line.get("event") == "TASK_DEAD_LETTER"]


def test_a_dead_letter_is_recorded_and_logged_with_everything_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running_system(FAILURE_RATE="1") as system:
        _fail_three_times(system)
        assert system.watch(*system.receive(system.dead_letter_url)) == []
        record = system.record("a")
    assert (record.status, len(record.attempts)) == (Status.DEAD_LETTERED, 3)
    (line,) = _dead_letter_lines(capsys.readouterr().out)
    assert (line["taskId"], line["payload"], line["generation"]) == ("a", '{"n":1}', 1)
    assert [attempt["number"] for attempt in line["attempts"]] == [1, 2, 3]
    assert line["lastError"] == {"type": "SimulatedFailure", "message": "simulated failure of attempt 3"}
    assert (line["createdAt"], line["failedAt"]) == ("2026-01-02T03:04:05.000Z", "2026-01-02T03:04:35.000Z")
    assert list(line)[-1] == "payload", "CloudWatch Logs Insights reads 200 fields: the payload comes last"
    assert line["level"] == "WARNING"


def test_the_message_stays_if_the_record_cannot_be_written(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = sqs_record(LETTER)
    with failing("UpdateItem"):
        assert system.watch(letter) == [letter["messageId"]]
    assert _dead_letter_lines(capsys.readouterr().out) == []


def test_a_message_that_was_never_tried_says_so(system: System) -> None:
    system.watch(sqs_record(LETTER))
    record = system.record("a")
    assert record.last_error is not None
    assert (record.last_error.type, record.payload) == ("NeverStarted", {"n": 1})


def test_an_attempt_that_never_ended_was_interrupted(system: System) -> None:
    system.submit({"taskId": "a", "payload": {"n": 1}})
    with pytest.MonkeyPatch.context() as patch:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(Performer, "perform", staticmethod(killed))
        with pytest.raises(KeyboardInterrupt):
            system.process(*system.receive())
    system.clock.advance(31)
    system.watch(sqs_record(LETTER))
    record = system.record("a")
    assert record.last_error is not None
    assert (record.status, record.last_error.type) == (Status.DEAD_LETTERED, "Interrupted")


def test_a_dead_letter_of_a_running_task_waits_until_the_lease_ends(system: System) -> None:
    system.submit({"taskId": "a", "payload": {"n": 1}})
    letter = sqs_record(LETTER)
    inner: list[list[str]] = []
    system.sqs.send_message(QueueUrl=system.dead_letter_url, MessageBody=letter["body"])
    (letter,) = system.receive(system.dead_letter_url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Performer, "perform", staticmethod(lambda *_: inner.append(system.watch(letter))))
        assert system.process(*system.receive()) == []
    assert inner == [[letter["messageId"]]]
    assert system.record("a").status is Status.COMPLETED


def test_a_dead_letter_of_a_completed_task_is_dropped(system: System) -> None:
    system.submit({"taskId": "a", "payload": {"n": 1}})
    system.process(*system.receive())
    assert system.watch(sqs_record(LETTER)) == []
    assert system.record("a").status is Status.COMPLETED


def test_a_stale_dead_letter_does_not_bury_a_task_that_was_redriven(system: System) -> None:
    system.watch(sqs_record(LETTER))
    assert system.redriver.redrive(system.record("a"))
    assert system.watch(sqs_record(LETTER)) == []
    assert system.record("a").status is Status.QUEUED


def test_a_body_that_is_no_task_is_recorded_and_logged_too(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = sqs_record("{broken")
    assert system.watch(letter) == []
    record = system.record(f"unreadable:{letter['messageId']}")
    assert (record.status, record.payload) == (Status.DEAD_LETTERED, "{broken")
    assert record.last_error is not None
    assert record.last_error.type == "UnreadableMessage"
    (line,) = _dead_letter_lines(capsys.readouterr().out)
    assert line["payload"] == '"{broken"'


def test_a_huge_unreadable_body_is_cut_so_that_the_record_can_hold_it(system: System) -> None:
    letter = sqs_record('é"' * 400_000)
    assert system.watch(letter) == []
    payload = system.record(f"unreadable:{letter['messageId']}").payload
    assert isinstance(payload, str)
    assert 100_000 < len(payload.encode()) <= 131_072


def test_a_large_payload_is_left_out_of_the_log_line_and_kept_in_the_record(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    system.watch(sqs_record(LETTER | {"payload": "x" * 200_000}))
    (line,) = _dead_letter_lines(capsys.readouterr().out)
    assert "record" in line["payload"]
    assert system.record("a").payload == "x" * 200_000


def test_the_log_line_leaves_the_payload_out_where_the_stack_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running_system(LOG_DEAD_LETTER_PAYLOAD="false") as system:
        system.watch(sqs_record(LETTER))
        assert system.record("a").payload == {"n": 1}
    (line,) = _dead_letter_lines(capsys.readouterr().out)
    assert "payload" not in line


def test_a_dead_letter_is_kept_for_half_a_year(system: System) -> None:
    system.watch(sqs_record(LETTER))
    expires = system.clock() + timedelta(days=180)
    assert system.item("a")["expiresAt"] == {"N": str(int(expires.timestamp()))}


def test_a_dead_letter_of_an_earlier_message_is_dropped_while_a_fresh_one_waits(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    def later(*_: object) -> NoReturn:
        raise RetryAfter(90)

    system.submit({"taskId": "a", "payload": {"n": 1}})
    monkeypatch.setattr(Performer, "perform", staticmethod(later))
    system.clock.advance(3600)
    system.process(*system.receive())
    assert system.watch(sqs_record(LETTER)) == []
    assert system.record("a").status is Status.RETRYING
