"""Every message goes to the lane that its task's kind has at that moment, and none is lost on the way."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

import taskguard.process
from taskguard.kinds import DEFAULT_LANE, Kind, Lane
from taskguard.model.record import Status
from taskguard.redrive import Redriver
from taskguard.storage.queue import LaneQueues
from taskguard.work import PermanentError, RetryAfter
from tests.functions.declared import SLOW, Declared, declaring
from tests.support.aws_calls import failing, recorded
from tests.support.aws_in_process import System

VIDEO = {"video": Kind("work.sample:cut", lane=SLOW, aliases=("film",))}
MOVED = {"video": Kind("work.sample:cut", aliases=("film",))}


def done(payload: object, context: object) -> object:
    return payload


def later(payload: object, context: object) -> object:
    raise RetryAfter(3600)


def never(payload: object, context: object) -> object:
    raise PermanentError("no")


@contextmanager
def sending(program: Declared) -> Iterator[list[tuple[str, str, int]]]:
    """Yield what is sent meanwhile: lane, body, and delay in seconds."""
    lanes = {url: lane for lane, url in program.lanes.items()}
    sent: list[tuple[str, str, int]] = []
    with (
        recorded("SendMessage", "QueueUrl") as urls,
        recorded("SendMessage", "MessageBody") as bodies,
        recorded("SendMessage", "DelaySeconds") as delays,
    ):
        yield sent
    sent += zip((lanes[url] for url in urls), bodies, delays, strict=True)


def passed_on_at_once() -> AbstractContextManager[Any]:
    """Let what is passed on be visible at once: the queue's clock is not the test's."""
    return patch.object(taskguard.process, "PASSED_ON_AFTER", timedelta())


def test_a_task_is_queued_and_done_in_its_kinds_lane(system: System) -> None:
    with declaring(system, VIDEO, {"cut": done}) as program:
        answer = system.submit({"taskId": "a", "kind": "film", "payload": 1})
        assert (answer["statusCode"], answer["body"]["kind"]) == (202, "video")
        assert program.bodies() == []
        assert program.process(SLOW) == []
        record = system.record("a")
        assert (record.status, record.kind, record.result) == (Status.COMPLETED, "video", 1)


def test_a_message_in_another_lane_is_sent_on_unchanged_and_a_little_later(system: System) -> None:
    body = json.dumps({"taskId": "a", "kind": "video", "payload": [1.0], "x": "kept"})
    with declaring(system, VIDEO, {"cut": done}) as program:
        program.send(body)
        with sending(program) as sent:
            assert program.process() == []
        assert sent == [(SLOW, body, 2)]
        assert system.store.get("a") is None, "the lane that it came to must not claim it"


def test_what_was_passed_on_is_done_in_the_lane_that_it_came_to(system: System) -> None:
    kinds = {**VIDEO, "still": Kind("work.sample:cut")}
    with declaring(system, kinds, {"cut": done}) as program, passed_on_at_once():
        program.send('{"taskId": "a", "kind": "film", "payload": 1}')
        program.send('{"taskId": "b", "kind": "still", "payload": 2}')
        assert program.process(together=True) == []
        assert system.store.get("a") is None
        assert program.process(SLOW) == []
        assert [system.record(task_id).result for task_id in "ab"] == [1, 2]
        assert program.bodies() == program.bodies(SLOW) == []


def test_a_message_that_cannot_be_sent_on_stays(system: System) -> None:
    with declaring(system, VIDEO, {"cut": done}) as program:
        program.send('{"taskId": "a", "kind": "video", "payload": 1}')
        with failing("SendMessage"):
            assert len(program.process()) == 1
        assert system.store.get("a") is None
        program.send('{"taskId": "a", "kind": "video", "payload": 1}')  # as it comes back
        with sending(program) as sent:
            assert program.process() == []
        assert [lane for lane, *_ in sent] == [SLOW]


def test_a_closed_lane_passes_on_what_waits_in_it(system: System) -> None:
    with declaring(system, MOVED, {"cut": done}, lanes={SLOW: Lane(closed=True)}) as program:
        body = '{"taskId": "a", "kind": "video", "payload": 1}'
        program.send(body, SLOW)
        with sending(program) as sent:
            assert program.process(SLOW) == []
        assert sent == [(DEFAULT_LANE, body, 2)]
        assert system.store.get("a") is None


def test_an_unknown_kind_comes_to_the_default_lane(system: System) -> None:
    with declaring(system, VIDEO, {"cut": done}) as program:
        body = '{"taskId": "a", "kind": "nobody", "payload": 1}'
        program.send(body, SLOW)
        with sending(program) as sent:
            assert program.process(SLOW) == []
        assert sent == [(DEFAULT_LANE, body, 2)]
        assert system.store.get("a") is None


def test_a_task_that_waits_in_the_table_is_woken_into_the_lane_of_its_kind(system: System) -> None:
    with declaring(system, VIDEO, {"cut": later}) as program:
        system.submit({"taskId": "a", "kind": "video", "payload": 1})
        program.process(SLOW)
        system.clock.advance(3600)
        assert system.wake()["woken"] == 1
        assert len(program.bodies(SLOW)) == 1
    with declaring(system, MOVED, {"cut": later}) as program:
        system.submit({"taskId": "b", "kind": "video", "payload": 1})
        program.process()
        system.clock.advance(3600)
        assert system.wake()["woken"] == 1
        assert len(program.bodies()) == 1


def test_a_redrive_goes_to_the_lane_that_the_kind_has_by_now(system: System) -> None:
    with declaring(system, MOVED, {"cut": never}) as program:
        system.submit({"taskId": "a", "kind": "video", "payload": 1})
        program.process()
        system.watch(*system.receive(system.dead_letter_url))
        assert system.record("a").status is Status.DEAD_LETTERED
    with declaring(system, VIDEO, {"cut": done}) as program:
        queues = LaneQueues(system.sqs, program.lanes, program.kinds)
        assert Redriver(system.store, queues, system.clock).redrive(system.record("a"))
        assert program.process(SLOW) == []
        assert system.record("a").status is Status.COMPLETED


def test_a_repeated_submit_goes_to_the_lane_that_the_kind_has_by_now(system: System) -> None:
    task = {"taskId": "a", "kind": "video", "payload": 1}
    with declaring(system, MOVED, {"cut": done}) as program:
        system.submit(task)
        assert len(program.bodies()) == 1
    with declaring(system, VIDEO, {"cut": done}) as program:
        with sending(program) as sent:
            assert system.submit(task)["statusCode"] == 200
        assert [lane for lane, *_ in sent] == [SLOW]
        assert program.process(SLOW) == []
        assert system.record("a").status is Status.COMPLETED


def test_a_task_whose_message_is_gone_gets_one_in_the_lane_that_its_kind_has_by_now(system: System) -> None:
    with declaring(system, MOVED, {"cut": done}):
        system.submit({"taskId": "a", "kind": "video", "payload": 1})
    system.clock.advance(5 * 86_400)
    with declaring(system, VIDEO, {"cut": done}) as program, sending(program) as sent:
        assert system.wake("scan")["rescued"] == 1
    assert [lane for lane, *_ in sent] == [SLOW]


def test_a_record_that_names_no_kind_is_of_the_default_kind_of_today(system: System) -> None:
    """As of a producer that names none, or from before there were kinds."""
    kinds = {**VIDEO, "before": Kind("work.sample:waits")}
    work = {"cut": done, "waits": later}
    with declaring(system, kinds, work, default="before") as program:
        program.send('{"taskId": "a", "payload": 1}')
        assert program.process() == []
    assert "kind" not in system.item("a")
    system.clock.advance(3600)
    with declaring(system, kinds, work, default="video") as program:
        assert system.wake()["woken"] == 1
        assert program.process(SLOW) == []
        assert system.record("a").result == 1


def test_what_says_no_kind_is_of_the_default_kind(system: System) -> None:
    with declaring(system, VIDEO, {"cut": done}, default="video") as program:
        program.send('{"taskId": "a", "payload": "direct"}', SLOW)
        assert program.process(SLOW) == []
        assert system.record("a").result == "direct"
        assert system.submit({"taskId": "b", "payload": 2})["body"]["kind"] == "video"


@pytest.mark.parametrize(("kind", "status"), [("film", 200), ("video", 200), ("probe", 409), ("x", 400)])
def test_a_repeat_must_be_of_the_same_kind_whatever_it_calls_it(
    system: System, kind: str, status: int
) -> None:
    with declaring(system, VIDEO, {"cut": done}):
        system.submit({"taskId": "a", "kind": "video", "payload": 1})
        assert system.submit({"taskId": "a", "kind": kind, "payload": 1})["statusCode"] == status
