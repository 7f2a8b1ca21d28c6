"""Batches through process_task: what one message does to its neighbours."""

import gc
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, as_completed, wait
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any, NoReturn

import pytest

import process_task.handler
from taskguard.attempt import Running
from taskguard.edge.sqs import Consumer
from taskguard.kinds import Kind
from taskguard.model.json_text import Json
from taskguard.model.message import Verdict
from taskguard.model.record import Failure, Status
from taskguard.perform import Performer
from taskguard.work import Context, Perform
from tests.functions.declared import declaring
from tests.support.attempts import raising, submit
from tests.support.aws_calls import recorded
from tests.support.aws_in_process import System, running_system
from tests.support.events import Context as Invocation


def test_a_failing_task_does_not_fail_its_batch(
    system: System, performing: Callable[[Perform], None]
) -> None:
    def perform(payload: Json, context: Context) -> Json:
        if context.task_id == "bad":
            raise ValueError
        return None

    performing(perform)
    names = ["a", "bad", "b", "c"]
    for name in names:
        submit(system, name)
    records = system.receive()
    (failed,) = system.process(*records)
    assert '"bad"' in next(record["body"] for record in records if record["messageId"] == failed)
    assert [system.record(name).status.value for name in names] == [
        "COMPLETED",
        "RETRYING",
        "COMPLETED",
        "COMPLETED",
    ]
    assert all(len(system.record(name).attempts) == 1 for name in names)


def test_a_batch_that_fails_as_a_whole_is_reported_and_not_raised(
    system: System, performing: Callable[[Perform], None]
) -> None:
    performing(raising(ValueError()))
    submit(system, "a")
    submit(system, "b")
    assert len(system.process(*system.receive())) == 2


def test_work_that_exits_the_process_fails_its_own_task_alone(
    system: System, performing: Callable[[Perform], None]
) -> None:
    performing(lambda payload, context: sys.exit("bye") if context.task_id == "bad" else None)
    submit(system, "bad")
    submit(system, "good")
    assert len(system.process(*system.receive())) == 1
    assert system.record("bad").last_error == Failure("SystemExit", "bye")
    assert system.record("good").status is Status.COMPLETED


def test_tasks_of_one_batch_run_side_by_side(system: System, performing: Callable[[Perform], None]) -> None:
    together = threading.Barrier(10, timeout=20)
    performing(lambda payload, context: together.wait())
    for n in range(10):
        submit(system, f"t-{n}")
    assert system.process(*system.receive()) == []


def test_a_bug_of_ours_sends_one_message_back_and_is_logged(
    system: System, performing: Callable[[Perform], None], capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(Exception):
        """An error whose text cannot be had."""

        def __str__(self) -> str:
            raise TypeError("a bug")

    bad = raising(Broken())
    performing(lambda payload, context: bad(payload, context) if context.task_id == "bad" else None)
    submit(system, "bad")
    submit(system, "good")
    assert len(system.process(*system.receive())) == 1
    assert system.record("good").status is Status.COMPLETED
    assert '"event":"MESSAGE_CRASHED"' in capsys.readouterr().out


def test_a_warm_function_keeps_nothing_of_the_tasks_it_has_done(system: System) -> None:
    consumer = system.processor
    names = {f"kept-{number}" for number in range(5)}
    for name in names:
        submit(system, name)
    assert not _consume(consumer, *system.receive())
    assert {system.record(name).status for name in names} == {Status.COMPLETED}
    gc.collect()
    assert not names & {each.record.task_id for each in gc.get_objects() if isinstance(each, Running)}


def test_an_attempt_that_follows_in_the_same_process_has_a_time_of_its_own(system: System) -> None:
    """It waits for its turn longer than its kind has time, counted from the attempt before."""
    first_look, released = True, threading.Event()

    def look(handled: Sequence[Future[Verdict]], most: timedelta) -> None:
        nonlocal first_look
        if not first_look:
            released.set()
            wait(handled, 60)
        first_look = False

    kinds = {"brief": Kind("work.sample:fails", timeout_seconds=5), "first": Kind("work.sample:waits")}
    work = {"fails": raising(ValueError()), "waits": lambda payload, context: released.wait(60)}
    with declaring(system, kinds, work):
        consumer = system.processor
        system.submit({"taskId": "t", "kind": "brief", "payload": 1})
        (message,) = system.receive()
        assert len(_consume(consumer, message)) == 1
        system.clock.advance(10)
        system.submit({"taskId": "u", "kind": "first", "payload": 1})
        one_by_one = replace(consumer, wait=look, workers=1)
        assert _consume(one_by_one, *system.receive(), message) == [message["messageId"]]
    record = system.record("t")
    assert [attempt.error for attempt in record.attempts] == [Failure("ValueError", "")] * 2


def _consume(consumer: Consumer, *records: Any) -> list[str]:
    """Hand a batch to a function that is warm already."""
    answer = consumer.consume({"Records": list(records)}, Invocation())  # type: ignore[arg-type]
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


class Ended(BaseException):
    """Stands for the end of the process."""


class Hanging:
    """Work that hangs for tasks called `bad...`, in a process that ends as Lambda's would.

    The invocation's time is over as soon as the work hangs and all other messages are dealt with.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, workers: int = 64) -> None:
        self.began, self.going_on = threading.Event(), threading.Event()
        self.threads: list[threading.Thread] = []
        build = process_task.handler.build

        def patched(*arguments: Any) -> Consumer:
            return replace(build(*arguments), end=self._end, wait=self._wait, workers=workers)

        monkeypatch.setattr(process_task.handler, "build", patched)
        monkeypatch.setattr(Performer, "perform", staticmethod(self._perform))

    def _perform(self, payload: Json, context: Context) -> Json:
        if context.task_id.startswith("bad"):
            self.threads.append(threading.current_thread())
            self.began.set()
            assert self.going_on.wait(120)
        return context.task_id

    def _wait(self, handled: Sequence[Future[Verdict]], most: timedelta) -> None:
        assert self.began.wait(120)
        hanging = 1 if len(handled) == 10 else len(handled)
        for _ in islice(as_completed(handled, timeout=120), len(handled) - hanging):
            pass

    def _end(self) -> NoReturn:
        raise Ended


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    work = Hanging(monkeypatch)
    yield work
    work.going_on.set()


def test_one_hanging_task_costs_its_neighbours_nothing(system: System, hanging: Hanging) -> None:
    names = ["bad", *(f"t-{n}" for n in range(9))]
    for name in names:
        submit(system, name)
    records = system.receive()
    assert len(records) == 10
    with pytest.raises(Ended):
        system.process(*records)
    assert [system.record(name).status for name in names[1:]] == [Status.COMPLETED] * 9
    bad = system.record("bad")
    assert (bad.status, bad.attempts_used) == (Status.RETRYING, 1)
    assert bad.last_error is not None
    assert bad.last_error.type == "TimedOut"
    attributes = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    queue: Any = system.sqs.get_queue_attributes(QueueUrl=system.queue_url, AttributeNames=attributes)  # type: ignore[arg-type]
    assert [queue["Attributes"][name] for name in attributes] == ["0", "1"], "nine are deleted, one waits"


def test_a_hanging_task_is_given_up_after_its_last_attempt(hanging: Hanging) -> None:
    with running_system(MAX_ATTEMPTS="1") as system:
        submit(system, "bad")
        with pytest.raises(Ended):
            system.process(*system.receive())
        assert system.record("bad").status is Status.GIVING_UP
        assert system.watch(*system.receive(system.dead_letter_url)) == []
        assert system.record("bad").status is Status.DEAD_LETTERED


def test_a_thread_whose_attempt_was_reported_makes_no_further_call(system: System, hanging: Hanging) -> None:
    submit(system, "bad")
    with pytest.raises(Ended):
        system.process(*system.receive())
    (thread,) = hanging.threads
    with recorded("UpdateItem", "TableName") as writes:
        hanging.going_on.set()
        thread.join(60)
    assert not thread.is_alive()
    assert writes == []


def test_messages_that_never_had_their_turn_are_visible_at_once(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch of more messages than there are workers."""
    work = Hanging(monkeypatch, workers=1)
    for name in ("bad-1", "bad-2", "bad-3"):
        submit(system, name)
    with pytest.raises(Ended):
        system.process(*system.receive())
    work.going_on.set()
    assert len(system.receive()) == 2
    assert [system.record(name).attempt_count for name in ("bad-1", "bad-2", "bad-3")] == [1, 0, 0]
