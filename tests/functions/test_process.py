"""Trying tasks through the handler: what comes back, what the record says, when the message is visible."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn

import pytest

from taskguard.model.errors import AwsRefused, PermanentError, RetryAfter
from taskguard.model.json_text import Json
from taskguard.model.record import Failure, Status
from taskguard.perform import Performer
from taskguard.storage.store import TaskStore
from taskguard.work import Context as Attempt
from taskguard.work import Perform
from tests.support.attempts import raising, submit
from tests.support.aws_calls import failing, recorded
from tests.support.aws_in_process import System, running_system
from tests.support.events import Context, sqs_record
from tests.support.log_lines import documents


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
    seen: list[tuple[Json, Attempt]] = []
    performing(lambda payload, context: seen.append((payload, context)))
    submit(system)
    _deliver(system, "a")
    ((payload, context),) = seen
    assert (context.task_id, payload, context.attempt, context.generation) == ("a", {"n": "a"}, 1, 1)
    assert context.request_id == "request-1"
    assert (context.deadline - system.clock()).total_seconds() == 27, "three seconds are for the report"


def test_a_failed_attempt_is_kept_and_its_message_waits_twice_as_long_each_time(
    system: System, performing: Callable[[Perform], None], waits: list[int]
) -> None:
    performing(raising(ValueError("no luck")))
    submit(system)
    (record,) = system.receive()
    for wait in (5, 10):
        assert system.process(record) == [record["messageId"]]
        assert system.record("a").next_attempt_at == system.clock() + timedelta(seconds=wait)
        system.clock.advance(wait)
    assert system.process(record) == []
    assert waits == [5, 10]
    kept = system.record("a")
    assert (kept.status, kept.last_error) == (Status.GIVING_UP, Failure("ValueError", "no luck"))
    assert [attempt.error for attempt in kept.attempts] == [Failure("ValueError", "no luck")] * 3
    assert kept.next_attempt_at is None
    (letter,) = system.receive(system.dead_letter_url)
    assert json.loads(letter["body"])["deadLetter"] is True


def test_receives_that_made_no_attempt_cost_none(
    system: System, performing: Callable[[Perform], None]
) -> None:
    performing(raising(ValueError()))
    submit(system)
    (record,) = system.receive()
    record["attributes"]["ApproximateReceiveCount"] = "7"
    assert system.process(record) == [record["messageId"]]
    assert system.record("a").status is Status.RETRYING


def test_a_task_whose_workers_all_died_is_given_up_after_its_last_attempt(system: System) -> None:
    submit(system)
    (record,) = system.receive()
    for _ in range(3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Performer, "perform", staticmethod(raising(KeyboardInterrupt())))
            with pytest.raises(KeyboardInterrupt):
                system.process(record)
        system.clock.advance(31)
    assert system.process(record) == []
    kept = system.record("a")
    assert (kept.status, kept.attempts_used) == (Status.GIVING_UP, 3)
    assert kept.last_error is not None
    assert kept.last_error.type == "Interrupted"
    assert len(system.receive(system.dead_letter_url)) == 1


def test_a_message_that_comes_too_early_waits_for_its_time(
    system: System, performing: Callable[[Perform], None], waits: list[int]
) -> None:
    performing(raising(ValueError()))
    submit(system)
    (record,) = system.receive()
    system.process(record)
    system.clock.advance(2)
    assert system.process(record) == [record["messageId"]]
    assert waits == [5, 3]
    assert system.record("a").attempt_count == 1


def test_a_long_wait_after_a_failure_is_a_fresh_messages_and_not_a_hidden_ones(
    performing: Callable[[Perform], None], waits: list[int], sent_delays: list[int]
) -> None:
    performing(raising(ValueError()))
    with running_system(BACKOFF_BASE_SECONDS="61") as system:
        submit(system)
        assert _deliver(system, "a") == []
        assert waits == []
        assert sent_delays[-1] == 61
        kept = system.record("a")
        assert (kept.status, kept.sent_at) == (Status.RETRYING, system.clock())


def test_a_message_delivered_twice_is_done_once(
    system: System, performing: Callable[[Perform], None]
) -> None:
    done: list[str] = []
    performing(lambda payload, context: done.append(context.task_id))
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
    performing(lambda payload, context: inner.append(system.process(record)))
    assert system.process(record) == []
    assert inner == [[record["messageId"]]]
    assert waits == [31]
    assert len(system.record("a").attempts) == 1


def test_a_task_whose_worker_was_killed_is_tried_again_after_its_lease(system: System) -> None:
    submit(system)
    (record,) = system.receive()
    killed = Context(remaining_ms=30_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Performer, "perform", staticmethod(raising(KeyboardInterrupt())))
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

    def perform(payload: Json, context: Attempt) -> Json:
        done.append(context.task_id)
        raise PermanentError

    performing(perform)
    submit(system)
    (record,) = system.receive()
    with failing("SendMessage"):
        assert system.process(record) == [record["messageId"]]
    assert system.process(record) == []
    assert done == ["a"]
    assert len(system.receive(system.dead_letter_url)) == 1


@pytest.mark.parametrize(("asked", "delay"), [(0, 1), (1, 1), (90, 90), (900, 900)])
def test_work_that_asks_to_be_called_later_costs_no_attempt_and_gets_a_fresh_message(
    system: System, performing: Callable[[Perform], None], sent_delays: list[int], asked: float, delay: int
) -> None:
    performing(raising(RetryAfter(asked, "429")))
    submit(system)
    with recorded("ChangeMessageVisibility", "VisibilityTimeout") as waits:
        assert _deliver(system, "a") == []
    assert waits == []
    assert sent_delays[-1] == delay
    kept = system.record("a")
    assert (kept.status, kept.attempts_used, kept.attempt_count) == (Status.RETRYING, 0, 1)
    assert kept.next_attempt_at == system.clock() + timedelta(seconds=delay)
    assert (kept.sent_at, kept.due_at) == (system.clock(), None)
    assert kept.attempts[-1].error == Failure("RetryAfter", "429")


def test_a_wait_of_more_than_15_minutes_is_the_tables(
    system: System, performing: Callable[[Perform], None], sent_delays: list[int]
) -> None:
    performing(raising(RetryAfter(3600)))
    submit(system)
    before = len(sent_delays)
    assert _deliver(system, "a") == []
    assert len(sent_delays) == before
    kept = system.record("a")
    assert kept.due_at == kept.not_before == system.clock() + timedelta(hours=1)


def test_work_that_asks_to_wait_beyond_its_deadline_is_given_up(
    system: System, performing: Callable[[Perform], None]
) -> None:
    performing(raising(RetryAfter(8 * 86_400, "come back next week")))
    submit(system)
    assert _deliver(system, "a") == []
    kept = system.record("a")
    assert kept.status is Status.GIVING_UP
    assert kept.last_error == Failure("DeadlineExceeded", "come back next week")


def test_a_postponed_task_keeps_its_message_if_the_fresh_one_cannot_be_sent(
    system: System, performing: Callable[[Perform], None]
) -> None:
    performing(raising(RetryAfter(5)))
    submit(system)
    (record,) = system.receive()
    with failing("SendMessage"):
        assert system.process(record) == [record["messageId"]]
    system.clock.advance(5)
    performing(lambda payload, context: "done")
    assert system.process(record) == []
    assert system.record("a").status is Status.COMPLETED


def test_a_message_far_too_early_goes_as_the_waker_cannot_have_sent_it(
    system: System, performing: Callable[[Perform], None], waits: list[int]
) -> None:
    performing(raising(RetryAfter(3600)))
    submit(system)
    (record,) = system.receive()
    system.process(record)
    assert system.process(record) == []
    system.clock.advance(3600 - 15 * 60)
    assert system.process(record) == [record["messageId"]]
    assert waits == [900]


def test_a_dead_letter_that_somebody_moved_back_is_a_redrive(system: System) -> None:
    letter = sqs_record({"taskId": "a", "payload": 1, "generation": 1, "deadLetter": True})
    assert system.watch(letter) == []
    assert system.record("a").status is Status.DEAD_LETTERED
    assert system.process(letter) == []
    kept = system.record("a")
    assert (kept.status, kept.generation) == (Status.QUEUED, 2)
    assert system.process(*system.receive()) == []
    assert system.record("a").status is Status.COMPLETED


def test_a_message_of_a_dead_letters_own_generation_does_not_revive_it(system: System) -> None:
    system.watch(sqs_record({"taskId": "a", "payload": 1, "generation": 1}))
    assert system.process(sqs_record({"taskId": "a", "payload": 1, "generation": 1})) == []
    assert system.record("a").status is Status.DEAD_LETTERED


def test_work_whose_result_the_table_refuses_is_given_up_and_not_done_again(
    system: System, performing: Callable[[Perform], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AwsRefused("UpdateItem", "ValidationException")

    performing(lambda payload, context: "a large result")
    monkeypatch.setattr(TaskStore, "complete", refuse)
    submit(system)
    assert _deliver(system, "a") == []
    kept = system.record("a")
    assert (kept.status, kept.result) == (Status.GIVING_UP, None)
    assert kept.last_error is not None
    assert kept.last_error.type == "ResultRefused"
    assert len(system.receive(system.dead_letter_url)) == 1


def test_a_message_that_is_gone_when_it_is_to_wait_is_sent_anew(
    system: System, performing: Callable[[Perform], None], sent_delays: list[int]
) -> None:
    performing(raising(ValueError()))
    submit(system)
    (record,) = system.receive()
    with failing("ChangeMessageVisibility", "ReceiptHandleIsInvalid"):
        assert system.process(record) == []
    assert sent_delays[-1] == 5


def test_what_aws_refuses_is_told_from_what_it_cannot_do_now(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(system)
    (record,) = system.receive()
    with failing("UpdateItem", "AccessDeniedException"):
        assert system.process(record) == [record["messageId"]]
    with failing("UpdateItem", "ThrottlingException"):
        assert system.process(record) == [record["messageId"]]
    events = [line["event"] for line in documents(capsys.readouterr().out) if "event" in line]
    assert events[-2:] == ["AWS_REFUSED", "AWS_UNAVAILABLE"]


def test_a_task_with_a_full_history_is_tried_on(performing: Callable[[Perform], None]) -> None:
    performing(raising(ValueError()))
    with running_system(MAX_ATTEMPTS="30", BACKOFF_BASE_SECONDS="0") as system:
        submit(system)
        (record,) = system.receive()
        for _ in range(29):
            assert system.process(record) == [record["messageId"]]
        kept = system.record("a")
        assert (len(kept.attempts), kept.attempt_count, kept.attempts_used) == (25, 29, 29)
        numbers = [attempt["number"] for attempt in system.get("a")["body"]["attempts"]]
        assert numbers == [1, 2, 3, 4, 5, *range(10, 30)]


@pytest.mark.parametrize("result", [object(), float("nan"), "x" * 64 * 1024])
def test_a_result_that_cannot_be_kept_is_a_permanent_failure(
    system: System, performing: Callable[[Perform], None], result: Any
) -> None:
    performing(lambda payload, context: result)
    submit(system)
    assert _deliver(system, "a") == []
    assert system.record("a").status is Status.GIVING_UP


def test_a_task_put_on_the_queue_directly_gets_a_record(system: System) -> None:
    assert system.process(sqs_record({"taskId": "direct", "payload": [1]})) == []
    record = system.record("direct")
    assert (record.status, record.payload, record.created_at) == (Status.COMPLETED, [1], system.clock())


def test_the_record_decides_and_not_the_messages_payload(
    system: System, performing: Callable[[Perform], None]
) -> None:
    seen: list[Json] = []
    performing(lambda payload, context: seen.append(payload))
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
    assert system.process(sqs_record("not JSON", receiptHandle="gone")) == []
    output = capsys.readouterr().out
    assert '"event":"MESSAGE_GONE"' in output
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
