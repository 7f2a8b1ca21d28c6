"""Work that submits work: each child once, recorded and queued, known to its parent."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from taskguard.kinds import Kind
from taskguard.model.errors import InvalidSubmission, TooLarge
from taskguard.model.message import Verdict
from taskguard.model.record import CHILDREN_KEPT, Status
from taskguard.work import Context
from tests.functions.declared import SLOW, declaring
from tests.support.aws_calls import failing
from tests.support.aws_in_process import TABLE, System
from tests.support.events import Context as Invocation

KINDS = {"order": Kind("work.sample:order"), "item": Kind("work.sample:item", lane=SLOW, aliases=("part",))}


@dataclass(frozen=True)
class Sized:
    n: int


def item(payload: Any, context: Context) -> Any:
    return payload


def order(payload: Any, context: Context) -> Any:
    ids = [context.submit("part", {"n": n}, key=str(n)) for n in payload["items"]]
    if context.attempt <= payload.get("fails", 0):
        raise ValueError("after its children")
    return ids


WORK = {"order": order, "item": item}


def test_a_child_is_recorded_and_queued_in_its_lane_before_the_work_goes_on(system: System) -> None:
    seen: list[Any] = []

    def looks(payload: Any, context: Context) -> Any:
        child = context.submit("item", {"n": 1})
        seen.append((child, system.record(child).status, len(system.receive(lanes[SLOW]))))

    with declaring(system, KINDS, {"order": looks, "item": item}) as program:
        lanes = program.lanes
        system.submit({"taskId": "p", "kind": "order", "payload": 1}, headers={"x-correlation-id": "corr"})
        program.process()
        ((child, status, messages),) = seen
        assert (status, messages) == (Status.QUEUED, 1)
        record = system.record(child)
        assert (record.parent_id, record.kind, record.correlation_id) == ("p", "item", "corr")
        assert record.payload == {"n": 1}
        assert system.record("p").children == (child,)


def test_an_attempt_that_is_made_again_submits_the_same_children_once(system: System) -> None:
    with declaring(system, KINDS, WORK) as program:
        payload = {"items": [1, 2], "fails": 2}
        system.submit({"taskId": "p", "kind": "order", "payload": payload})
        for _ in range(3):
            program.process()
            system.clock.advance(60)
            program.send('{"taskId": "p", "kind": "order", "payload": 0}')
        parent = system.record("p")
        assert (parent.status, parent.attempt_count) == (Status.COMPLETED, 3)
        assert list(parent.children) == parent.result
        assert len(parent.children) == 2
        while program.process(SLOW) or program.bodies(SLOW):
            pass
        assert all(system.record(child).attempt_count == 1 for child in parent.children)
        shown = system.get("p")["body"]
        assert shown["children"] == list(parent.children)
        assert system.get(parent.children[0])["body"]["parentId"] == "p"


def test_what_an_earlier_attempt_submitted_stays_listed(system: System) -> None:
    def another_each_time(payload: Any, context: Context) -> Any:
        context.submit("item", context.attempt)
        if context.attempt == 1:
            raise ValueError("once")

    with declaring(system, KINDS, {"order": another_each_time, "item": item}) as program:
        system.submit({"taskId": "p", "kind": "order", "payload": 1})
        program.process()
        assert len(system.record("p").children) == 1
        system.clock.advance(60)
        program.send('{"taskId": "p", "kind": "order", "payload": 0}')
        program.process()
        assert (system.record("p").status, len(system.record("p").children)) == (Status.COMPLETED, 2)


def test_key_payload_kind_and_parent_tell_children_apart(system: System) -> None:
    def many(payload: Any, context: Context) -> Any:
        return [
            context.submit("item", 1),
            context.submit("item", 1),
            context.submit("item", 1, key="x"),
            context.submit("item", 2),
            context.submit("probe", 1),
        ]

    with declaring(system, KINDS, {"order": many, "item": item}) as program:
        for parent in ("p", "q"):
            system.submit({"taskId": parent, "kind": "order", "payload": 1})
            program.process()
        first, second = (system.record(parent).result for parent in ("p", "q"))
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert first[0] == first[1]
    assert len({*first, *second}) == 8
    assert len(system.record("p").children) == 4


def test_a_parent_lists_a_hundred_children_and_all_are_submitted(system: System) -> None:
    with declaring(system, KINDS, WORK) as program:
        system.submit({"taskId": "p", "kind": "order", "payload": {"items": list(range(CHILDREN_KEPT + 5))}})
        program.process()
        parent = system.record("p")
    assert len(parent.children) == CHILDREN_KEPT
    assert isinstance(parent.result, list)
    assert system.record(str(parent.result[-1])).parent_id == "p"


@pytest.mark.parametrize(("kind", "payload"), [("nobody", 1), ("sized", {"n": "1"}), ("item", "x" * 300_000)])
def test_what_the_api_would_refuse_is_raised_in_the_work_and_makes_no_child(
    system: System, kind: str, payload: Any
) -> None:
    caught: list[Exception] = []

    def wrong(_payload: Any, context: Context) -> Any:
        try:
            return context.submit(kind, payload)
        except (InvalidSubmission, TooLarge) as error:
            caught.append(error)
            raise

    with declaring(
        system, {**KINDS, "sized": Kind("work.sample:item", payload=Sized)}, {"order": wrong}
    ) as program:
        system.submit({"taskId": "p", "kind": "order", "payload": 1})
        assert len(program.process()) == 1
    (error,) = caught
    record = system.record("p")
    assert record.last_error is not None
    assert (record.last_error.type, record.children) == (type(error).__name__, ())
    assert system.dynamodb.scan(TableName=TABLE)["Count"] == 1, "the parent alone"
    if isinstance(error, InvalidSubmission):
        assert [fault.pointer for fault in error.faults] == [
            "/kind" if kind == "nobody" else "/payload/n",
        ]


def test_a_child_that_could_not_be_sent_fails_the_attempt_and_the_next_one_sends_it(system: System) -> None:
    with declaring(system, KINDS, WORK) as program:
        system.submit({"taskId": "p", "kind": "order", "payload": {"items": [1]}})
        with failing("SendMessage"):
            assert len(program.process()) == 1
        record = system.record("p")
        assert record.status is Status.RETRYING
        assert record.attempts[-1].error is not None
        assert record.attempts[-1].error.type == "NotSubmitted"
        system.clock.advance(60)
        program.send('{"taskId": "p", "kind": "order", "payload": 0}')
        assert program.process() == []
        assert program.process(SLOW) == []
        (child,) = system.record("p").children
        assert system.record(child).status is Status.COMPLETED


def in_its_own_thread(context: Context) -> str:
    return context.submit("item", 1)


def in_a_pool_of_the_work(context: Context) -> str:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(context.submit, "item", 1).result()


def in_a_thread_of_async_work(context: Context) -> str:
    return asyncio.run(asyncio.to_thread(context.submit, "item", 1))


@pytest.mark.parametrize("submits", [in_its_own_thread, in_a_pool_of_the_work, in_a_thread_of_async_work])
def test_an_attempt_that_was_cut_off_makes_no_child_any_more(
    system: System, submits: Callable[[Context], str]
) -> None:
    began, released = threading.Event(), threading.Event()
    running: list[Future[Verdict]] = []

    def order(payload: Any, context: Context) -> Any:
        began.set()
        assert released.wait(60)
        return submits(context)

    def look(handled: Sequence[Future[Verdict]], most: timedelta) -> None:
        if running:  # it was cut off meanwhile, and only now goes on
            released.set()
            wait(running, 60)
        else:
            assert began.wait(60)
            running.extend(handled)
            system.clock.advance(6)

    kinds = {**KINDS, "order": Kind("work.sample:order", timeout_seconds=5)}
    with declaring(system, kinds, {"order": order, "item": item}) as program:
        system.submit({"taskId": "p", "kind": "order", "payload": 1})
        consumer = replace(system.processor, wait=look)
        answer = consumer.consume({"Records": system.receive()}, Invocation())  # type: ignore[typeddict-item, arg-type]
        assert len(answer["batchItemFailures"]) == 1
        assert program.bodies(SLOW) == []
    assert running[0].done()
    parent = system.record("p")
    assert parent.last_error is not None
    assert (parent.status, parent.last_error.type, parent.children) == (Status.RETRYING, "TimedOut", ())
    assert system.dynamodb.scan(TableName=TABLE)["Count"] == 1, "the parent alone"


def test_work_may_submit_from_threads_of_its_own(system: System) -> None:
    def order(payload: Any, context: Context) -> Any:
        return [submits(context) for submits in (in_a_pool_of_the_work, in_a_thread_of_async_work)]

    with declaring(system, KINDS, {"order": order, "item": item}) as program:
        system.submit({"taskId": "p", "kind": "order", "payload": 1})
        assert program.process() == []
        (child,) = system.record("p").children
        assert system.record("p").result == [child, child]
