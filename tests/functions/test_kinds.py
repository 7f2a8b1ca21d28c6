"""What is deployed decides how a kind is tried; what a worker cannot do costs the task nothing."""

import json
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from taskguard.kinds import Kind, Kinds, Lane
from taskguard.model.record import Outcome, Status
from tests.functions.declared import SLOW, declaring
from tests.support.aws_calls import recorded
from tests.support.aws_in_process import System
from tests.support.events import Context
from tests.support.log_lines import documents


@dataclass
class Sized:
    size: int


def fails(payload: object, context: object) -> object:
    raise ValueError("no")


def test_the_kinds_own_policy_decides_also_under_a_name_from_before(system: System) -> None:
    kind = Kind("work.sample:fails", max_attempts=2, backoff_base_seconds=7, aliases=("old",))
    with declaring(system, {"a": kind}, {"fails": fails}) as program:
        program.send('{"taskId": "t", "kind": "old", "payload": 1}')
        with recorded("ChangeMessageVisibility", "VisibilityTimeout") as waits:
            assert len(program.process()) == 1
        assert waits == [7]
        system.clock.advance(8)
        program.send('{"taskId": "t", "kind": "a", "payload": 1}')
        assert program.process() == []
        record = system.record("t")
        assert (record.status, record.attempts_used, record.kind) == (Status.GIVING_UP, 2, "old")


def test_a_policy_that_was_changed_meanwhile_holds_at_once(system: System) -> None:
    with declaring(system, {"a": Kind("work.sample:fails", max_attempts=9)}, {"fails": fails}) as program:
        system.submit({"taskId": "t", "kind": "a", "payload": 1})
        program.process()
    system.clock.advance(60)
    with declaring(system, {"a": Kind("work.sample:fails", max_attempts=1)}, {"fails": fails}) as program:
        program.send('{"taskId": "t", "kind": "a", "payload": 1}')
        program.process()
        assert system.record("t").status is Status.GIVING_UP


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ({}, "the kind a is not known to this function"),
        ({"a": Kind("work.missing:work")}, "work.missing:work cannot be imported: ModuleNotFoundError"),
        ({"a": Kind("work.sample:gone")}, "work.sample:gone cannot be imported: AttributeError"),
    ],
)
def test_a_kind_that_cannot_be_done_uses_up_no_attempt_and_waits_longer_each_time(
    system: System, kinds: dict[str, Kind], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body = '{"taskId": "t", "kind": "a", "payload": 1}'
    with declaring(system, kinds) as program, recorded("SendMessage", "DelaySeconds") as delays:
        for wait in (60, 120, 180, 240, 300, 300):
            system.sqs.send_message(QueueUrl=system.queue_url, MessageBody=body, DelaySeconds=0)
            assert program.process() == []
            record = system.record("t")
            assert (record.status, record.attempts_used) == (Status.RETRYING, 0)
            assert record.not_before == system.clock() + timedelta(seconds=wait)
            system.clock.advance(wait)
    assert [delay for delay in delays if delay] == [60, 120, 180, 240, 300, 300]
    lines = documents(capsys.readouterr().out)
    told = [line for line in lines if line.get("event") == "KIND_UNAVAILABLE"]
    assert len(told) == 6
    assert reason in told[0]["reason"]
    assert sum("KindUnavailable" in line for line in lines) == 6


def test_a_module_that_exits_when_it_is_imported_stops_its_own_kind_alone(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a script does that ends with `sys.exit(main())`; the function is loaded all the same."""
    (tmp_path / "exiting_script.py").write_text("import sys\n\nsys.exit(0)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with declaring(system, {"a": Kind("exiting_script:work")}) as program:
        for task_id, kind in (("t", "a"), ("u", "probe")):
            system.submit({"taskId": task_id, "kind": kind, "payload": 1})
        assert program.process(together=True) == []
    waits, goes_on = system.record("t"), system.record("u")
    assert (waits.status, waits.attempts_used) == (Status.RETRYING, 0)
    assert goes_on.status is Status.COMPLETED


def test_it_ends_only_at_its_deadline(system: System) -> None:
    with declaring(system, {}) as program:
        program.send('{"taskId": "t", "kind": "a", "payload": 1}')
        program.process()
        system.clock.advance(7 * 86_400)
        program.send('{"taskId": "t", "kind": "a", "payload": 1}')
        assert program.process() == []
        record = system.record("t")
        assert record.status is Status.GIVING_UP
        assert record.last_error is not None
        assert record.last_error.type == "DeadlineExceeded"
        assert system.watch(*system.receive(system.dead_letter_url)) == []
        buried = system.record("t")
        assert (buried.status, buried.last_error) == (Status.DEAD_LETTERED, record.last_error)


def test_a_deployment_that_knows_the_kind_does_what_waited_for_it(system: System) -> None:
    body = '{"taskId": "t", "kind": "a", "payload": 1}'
    with declaring(system, {"a": Kind("work.missing:work")}) as program:
        program.send(body)
        assert program.process() == []
    system.clock.advance(60)
    work = {"does": lambda payload, context: payload}
    with declaring(system, {"a": Kind("work.sample:does", max_attempts=1)}, work) as program:
        program.send(body)
        assert program.process() == []
    record = system.record("t")
    assert (record.status, record.attempts_used, record.result) == (Status.COMPLETED, 1, 1)


def test_the_kinds_own_deadline_ends_what_cannot_be_imported(system: System) -> None:
    body = '{"taskId": "t", "kind": "a", "payload": 1}'
    with declaring(system, {"a": Kind("work.missing:work", deadline_days=1)}) as program:
        for seconds, status in ((86_000, Status.RETRYING), (400, Status.RETRYING), (0, Status.GIVING_UP)):
            program.send(body)
            assert program.process() == []
            assert system.record("t").status is status
            system.clock.advance(seconds)


def test_the_other_tasks_of_its_batch_go_on(system: System) -> None:
    with declaring(system, {"a": Kind("work.missing:work")}) as program:
        for task_id, kind in (("t", "a"), ("u", "probe"), ("v", "nobody")):
            program.send(json.dumps({"taskId": task_id, "kind": kind, "payload": 1}))
        assert program.process(together=True) == []
        assert [system.record(task_id).status.value for task_id in "tuv"] == [
            "RETRYING",
            "COMPLETED",
            "RETRYING",
        ]


def test_a_payload_that_does_not_fit_is_a_dead_letter_at_once(system: System) -> None:
    with declaring(system, {"a": Kind("work.sample:fails", payload=Sized)}, {"fails": fails}) as program:
        program.send('{"taskId": "t", "kind": "a", "payload": {"size": "1"}}')
        assert program.process() == []
        record = system.record("t")
        assert (record.status, record.attempt_count) == (Status.GIVING_UP, 1)
        assert record.last_error is not None
        assert record.last_error.type == "InvalidPayload"
        assert "/size" in record.last_error.message


def test_a_kind_with_less_time_than_its_lane_is_cut_off_and_its_neighbours_finish(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)

    def slow(payload: Any, context: Any) -> Any:
        while not ended:
            system.clock.advance(1)
            time.sleep(0.02)

    kinds = {"slow": Kind("work.sample:slow", timeout_seconds=5), "quick": Kind("work.sample:quick")}
    work = {"slow": slow, "quick": lambda payload, context: payload}
    with declaring(system, kinds, work) as program:
        for kind in kinds:
            system.submit({"taskId": kind, "kind": kind, "payload": 1})
        program.process(together=True, context=Context(remaining_ms=120_000))
    record = system.record("slow")
    (attempt,) = record.attempts
    assert (record.status, attempt.outcome) == (Status.RETRYING, Outcome.FAILED)
    assert attempt.error is not None
    assert attempt.error.type == "TimedOut"
    assert attempt.ended_at is not None
    assert attempt.ended_at - attempt.started_at < timedelta(seconds=60), "its lane's 117 s were waited for"
    assert system.record("quick").status is Status.COMPLETED
    assert len(ended) == 1


def test_names_from_before_and_probes_are_found() -> None:
    kinds = Kinds(
        {"b": Kind("work.x:y", lane=SLOW, aliases=("a",))},
        {"default": Lane(), SLOW: Lane(), "old": Lane(closed=True)},
        "b",
    )
    assert sorted(kinds.all) == ["b", "probe", "probe.slow"]
    assert (kinds.canonical("a"), kinds.canonical(None), kinds.canonical("z")) == ("b", "b", "z")
    assert (kinds.lane_of("a"), kinds.lane_of("z"), kinds.lane_of("probe.slow")) == (SLOW, "default", SLOW)
    assert kinds.find("") is None
