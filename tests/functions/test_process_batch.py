"""Batches through process_task: what one message does to its neighbours."""

import sys
import threading
from collections.abc import Callable

import pytest

from taskguard.model.json_text import Json
from taskguard.model.record import Failure, Status
from taskguard.work import Perform, Task, WorkContext
from tests.support.attempts import raising, submit
from tests.support.aws_in_process import System


def test_a_failing_task_does_not_fail_its_batch(
    system: System, performing: Callable[[Perform], None]
) -> None:
    def perform(task: Task, context: WorkContext) -> Json:
        if task.task_id == "bad":
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
    performing(lambda task, context: sys.exit("bye") if task.task_id == "bad" else None)
    submit(system, "bad")
    submit(system, "good")
    assert len(system.process(*system.receive())) == 1
    assert system.record("bad").last_error == Failure("SystemExit", "bye")
    assert system.record("good").status is Status.COMPLETED


def test_tasks_of_one_batch_run_side_by_side(system: System, performing: Callable[[Perform], None]) -> None:
    together = threading.Barrier(10, timeout=20)
    performing(lambda task, context: together.wait())
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

    performing(lambda task, context: raising(Broken())(task, context) if task.task_id == "bad" else None)
    submit(system, "bad")
    submit(system, "good")
    assert len(system.process(*system.receive())) == 1
    assert system.record("good").status is Status.COMPLETED
    assert '"event":"MESSAGE_CRASHED"' in capsys.readouterr().out
