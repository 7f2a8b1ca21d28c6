"""Trying tasks through the handler: what comes back, what the record says, when the message is visible."""

from collections.abc import Callable
from typing import Any

import pytest

from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.json_text import Json
from taskguard.model.record import Failure, Status
from taskguard.work import Perform, Task, WorkContext
from tests.support.attempts import raising, submit
from tests.support.aws_calls import failing
from tests.support.aws_in_process import System, running_system
from tests.support.events import Context, sqs_record


def _deliver(system: System, task_id: str, receive_count: int = 1) -> list[str]:
    """Deliver the next visible message as if received so many times; it must be the task's."""
    (record,) = system.receive()
    assert f'"{task_id}"' in record["body"]
    record["attributes"]["ApproximateReceiveCount"] = str(receive_count)
    return system.process(record)


def test_a_completed_task_keeps_its_result_and_its_message_goes(system: System) -> None:
    submit(system)
    assert _deliver(system, "a") == []
    record = system.record("a")
    assert record.status is Status.COMPLETED
    assert isinstance(record.result, dict)
    assert record.result["bytes"] == 9


def test_work_sees_the_task_and_its_deadline(system: System, performing: Callable[[Perform], None]) -> None:
    seen: list[tuple[Task, WorkContext]] = []
    performing(lambda task, context: seen.append((task, context)))
    submit(system)
    _deliver(system, "a")
    ((task, context),) = seen
    assert (task.task_id, task.payload, task.attempt, task.generation) == ("a", {"n": "a"}, 1, 1)
    assert context.request_id == "request-1"
    assert (context.deadline - system.clock()).total_seconds() == 30


def test_a_failed_attempt_is_kept_and_its_message_waits_twice_as_long_each_time(
    system: System, performing: Callable[[Perform], None], waits: list[int]
) -> None:
    performing(raising(ValueError("no luck")))
    submit(system)
    (record,) = system.receive()
    for receive_count in (1, 2, 3):
        record["attributes"]["ApproximateReceiveCount"] = str(receive_count)
        assert system.process(record) == [record["messageId"]]
    assert waits == [5, 10, 0]
    kept = system.record("a")
    assert (kept.status, kept.last_error) == (Status.RETRYING, Failure("ValueError", "no luck"))
    assert [attempt.error for attempt in kept.attempts] == [Failure("ValueError", "no luck")] * 3
    assert kept.next_attempt_at is None


def test_a_message_delivered_twice_is_done_once(
    system: System, performing: Callable[[Perform], None]
) -> None:
    done: list[str] = []
    performing(lambda task, context: done.append(task.task_id))
    submit(system)
    (record,) = system.receive()
    assert system.process(record) == []
    assert system.process(record) == []
    assert done == ["a"]


def test_a_message_of_a_running_task_waits_until_the_lease_ends(
    system: System, performing: Callable[[Perform], None], waits: list[int]
) -> None:
    """The second delivery happens while the first is working."""
    inner: list[list[str]] = []
    submit(system)
    (record,) = system.receive()
    performing(lambda task, context: inner.append(system.process(record)))
    assert system.process(record) == []
    assert inner == [[record["messageId"]]]
    assert waits == [31]
    assert len(system.record("a").attempts) == 1


def test_a_task_whose_worker_was_killed_is_tried_again_after_its_lease(system: System) -> None:
    submit(system)
    (record,) = system.receive()
    killed = Context(remaining_ms=30_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("process_task.handler.perform", raising(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            system.process(record, context=killed)
    assert system.record("a").status is Status.PROCESSING
    system.clock.advance(31)
    assert system.process(record) == []
    assert [attempt.outcome for attempt in system.record("a").attempts] == [None, "COMPLETED"]


def test_a_permanent_error_goes_straight_to_the_dead_letter_queue(
    system: System, performing: Callable[[Perform], None]
) -> None:
    performing(raising(PermanentError("never")))
    submit(system)
    assert _deliver(system, "a") == []
    (letter,) = system.receive(system.dead_letter_url)
    assert system.watch(letter) == []
    record = system.record("a")
    assert (record.status, record.last_error) == (Status.DEAD_LETTERED, Failure("PermanentError", "never"))


def test_a_given_up_task_is_not_tried_again_when_its_copy_could_not_be_sent(
    system: System, performing: Callable[[Perform], None]
) -> None:
    done: list[str] = []

    def perform(task: Task, context: WorkContext) -> Json:
        done.append(task.task_id)
        raise PermanentError

    performing(perform)
    submit(system)
    (record,) = system.receive()
    with failing("SendMessage"):
        assert system.process(record) == [record["messageId"]]
    assert system.process(record) == []
    assert done == ["a"]
    assert len(system.receive(system.dead_letter_url)) == 1


def test_work_may_choose_its_own_wait(
    system: System, performing: Callable[[Perform], None], waits: list[int]
) -> None:
    performing(raising(RetryAfter(77)))
    submit(system)
    assert len(_deliver(system, "a")) == 1
    assert waits == [77]
    kept = system.record("a")
    assert kept.next_attempt_at is not None
    assert (kept.next_attempt_at - system.clock()).total_seconds() == 77


@pytest.mark.parametrize("result", [object(), float("nan"), "x" * 64 * 1024])
def test_a_result_that_cannot_be_kept_is_a_permanent_failure(
    system: System, performing: Callable[[Perform], None], result: Any
) -> None:
    performing(lambda task, context: result)
    submit(system)
    assert _deliver(system, "a") == []
    assert system.record("a").permanent


def test_a_task_put_on_the_queue_directly_gets_a_record(system: System) -> None:
    assert system.process(sqs_record({"taskId": "direct", "payload": [1]})) == []
    record = system.record("direct")
    assert (record.status, record.payload, record.created_at) == (Status.COMPLETED, [1], system.clock())


def test_the_record_decides_and_not_the_messages_payload(
    system: System, performing: Callable[[Perform], None]
) -> None:
    seen: list[Json] = []
    performing(lambda task, context: seen.append(task.payload))
    submit(system)
    system.process(sqs_record({"taskId": "a", "payload": "forged"}))
    assert seen == [{"n": "a"}]


def test_an_unreadable_message_comes_back_at_once_until_sqs_dead_letters_it(
    system: System, waits: list[int]
) -> None:
    system.sqs.send_message(QueueUrl=system.queue_url, MessageBody="no json")
    (record,) = system.receive()
    assert system.process(record) == [record["messageId"]]
    assert waits == [0]


def test_an_unreadable_message_that_sqs_cannot_hide_is_no_bug_of_ours(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    record = sqs_record("no json", receiptHandle="gone")
    assert system.process(record) == [record["messageId"]]
    output = capsys.readouterr().out
    assert '"event":"AWS_UNAVAILABLE"' in output
    assert "MESSAGE_CRASHED" not in output


def test_a_task_is_not_claimed_when_the_invocation_s_time_is_over(system: System) -> None:
    submit(system)
    (record,) = system.receive()
    assert system.process(record, context=Context(remaining_ms=0)) == [record["messageId"]]
    assert system.record("a").is_untried


def test_a_message_comes_back_when_the_table_cannot_be_reached(system: System) -> None:
    submit(system)
    (record,) = system.receive()
    with failing(error="ThrottlingException"):
        assert system.process(record) == [record["messageId"]]


def test_simulated_failures_follow_the_settings() -> None:
    with running_system(PERMANENT_FAILURE_SUFFIX="3") as system:
        submit(system, "t-3")
        submit(system, "t-4")
        assert len(system.process(*system.receive())) == 1
        assert system.record("t-3").last_error == Failure(
            "SimulatedFailure", "simulated failure of attempt 1"
        )
        assert system.record("t-4").status is Status.COMPLETED
