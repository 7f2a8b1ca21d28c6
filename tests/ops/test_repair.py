from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.errors import InterruptedByUserError
from ops.many import NotDoneError
from ops.repair import PURGE_SECONDS, Repairer, repairer_for, wait_out_purge
from taskguard.model.clock import to_millis
from taskguard.model.errors import AwsRefused
from tests.ops.moto_stack import MotoStack
from tests.ops.sample_records import dead_letter, record
from tests.support.aws_calls import failing, recorded
from tests.support.aws_in_process import MovableClock

UNTRIED_FOR = timedelta(minutes=15)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def _ago(age: timedelta) -> int:
    return to_millis(datetime.now(UTC) - age)


def _repairer(stack: MotoStack, *, assume_empty: bool = False) -> Repairer:
    return repairer_for(stack.aws, UNTRIED_FOR, assume_empty=assume_empty)


def _found(repairer: Repairer) -> set[str]:
    """What would be repaired: found by the scan, and confirmed by a strong read."""
    return {task_id for task_id in repairer.find(lambda *_: None) if _needs(repairer, task_id)}


def _needs(repairer: Repairer, task_id: str) -> bool:
    try:
        repairer.look(task_id)
    except NotDoneError:
        return False
    return True


@pytest.fixture
def filled(stack: MotoStack) -> MotoStack:
    """Tasks in every state; the queue keeps messages for two days, so that an hour more makes 49."""
    stack.aws.sqs.set_queue_attributes(
        QueueUrl=stack.outputs.task_queue_url, Attributes={"MessageRetentionPeriod": str(2 * 24 * 3600)}
    )
    over, live = _ago(HOUR), _ago(-HOUR)
    tasks: list[dict[str, Any]] = [
        record("untried-16m", "QUEUED", sentAt=_ago(16 * MINUTE)),
        record("untried-14m", "QUEUED", sentAt=_ago(14 * MINUTE)),
        record("redriven-48h", "QUEUED", "FAILED", generation=2, sentAt=_ago(48 * HOUR)),
        record("redriven-50h", "QUEUED", "FAILED", generation=2, sentAt=_ago(50 * HOUR)),
        record("retrying-48h", "RETRYING", "FAILED", sentAt=_ago(48 * HOUR)),
        record("retrying-50h", "RETRYING", "FAILED", sentAt=_ago(50 * HOUR)),
        record("retrying-before-sentAt", "RETRYING", "FAILED"),
        record("running-50h", "PROCESSING", "", sentAt=_ago(50 * HOUR), leaseUntil=live),
        record("cut-off-50h", "PROCESSING", "", sentAt=_ago(50 * HOUR), leaseUntil=over),
        record("cut-off-1h", "PROCESSING", "", sentAt=_ago(HOUR), leaseUntil=over),
        record("waits-in-the-table", "RETRYING", "FAILED", sentAt=_ago(50 * HOUR), dueAt=_ago(-HOUR)),
        record("untried-in-the-table", "QUEUED", sentAt=_ago(50 * HOUR), dueAt=_ago(-HOUR)),
        record("done", "COMPLETED", "COMPLETED", sentAt=_ago(50 * HOUR)),
        record("cancelled", "CANCELLED", sentAt=_ago(50 * HOUR)),
        dead_letter("dead", sentAt=_ago(50 * HOUR)),
    ]
    for each in tasks:
        stack.put(each)
    return stack


def test_what_is_older_than_the_queue_remembers_or_untried_for_too_long_is_found(filled: MotoStack) -> None:
    assert _found(_repairer(filled)) == {
        "untried-16m",
        "redriven-50h",
        "retrying-50h",
        "retrying-before-sentAt",
        "cut-off-50h",
    }


def test_after_a_purge_every_open_task_without_a_running_attempt_is_found(filled: MotoStack) -> None:
    assert _found(_repairer(filled, assume_empty=True)) == {
        "untried-16m",
        "untried-14m",
        "redriven-48h",
        "redriven-50h",
        "retrying-48h",
        "retrying-50h",
        "retrying-before-sentAt",
        "cut-off-50h",
        "cut-off-1h",
    }


def test_healthy_tasks_are_not_read_one_by_one(filled: MotoStack) -> None:
    found = _repairer(filled).find(lambda *_: None)
    assert not {"untried-14m", "retrying-48h", "redriven-48h", "cut-off-1h", "done", "dead"} & set(found)


def test_the_message_is_the_tasks_own_and_its_sending_is_noted(stack: MotoStack) -> None:
    stack.put(record("t", "RETRYING", "FAILED", generation=3, sentAt=_ago(30 * DAY)))
    _repairer(stack).repair("t")
    (message,) = stack.messages()
    assert message | {"sentAt": 0} == {"taskId": "t", "payload": {"n": 1}, "generation": 3, "sentAt": 0}
    after = stack.get("t")
    assert (after["status"], after["generation"]) == ("RETRYING", 3)
    assert after["sentAt"] >= _ago(MINUTE)


def test_a_repaired_task_is_not_repaired_again(stack: MotoStack) -> None:
    stack.put(record("t", "QUEUED", sentAt=_ago(HOUR)))
    _repairer(stack).repair("t")
    assert _found(_repairer(stack)) == set()


def test_a_wait_that_is_not_over_is_kept(stack: MotoStack) -> None:
    stack.put(record("t", "RETRYING", "FAILED", sentAt=_ago(MINUTE), notBefore=_ago(-5 * MINUTE)))
    with recorded("SendMessage", "DelaySeconds") as delays:
        _repairer(stack, assume_empty=True).repair("t")
    assert delays == [pytest.approx(300, abs=5)]


def test_a_task_that_was_given_up_gets_its_dead_letter_again_and_no_attempt(stack: MotoStack) -> None:
    stack.put(record("t", "GIVING_UP", "FAILED"))
    assert _found(_repairer(stack)) == {"t"}
    _repairer(stack).repair("t")
    assert stack.messages() == []
    (letter,) = stack.messages(stack.outputs.dead_letter_queue_url)
    assert (letter["taskId"], letter["deadLetter"]) == ("t", True)


@pytest.mark.parametrize(
    ("task_id", "reason"),
    [
        ("running-50h", "an attempt is running: repeat this when it has ended"),
        ("waits-in-the-table", "the waker sends it in time"),
        ("done", "it is COMPLETED"),
        ("nowhere", "there is no such task"),
    ],
)
def test_what_needs_no_message_is_refused_with_the_reason(
    filled: MotoStack, task_id: str, reason: str
) -> None:
    for assume_empty in (False, True):
        with pytest.raises(NotDoneError, match=reason):
            _repairer(filled, assume_empty=assume_empty).repair(task_id)
    assert filled.messages() == []


@pytest.mark.parametrize("task_id", ["untried-14m", "retrying-48h", "cut-off-1h"])
def test_what_changed_since_it_was_found_is_judged_by_its_present_record(
    filled: MotoStack, task_id: str
) -> None:
    with pytest.raises(NotDoneError, match="its message may still be there"):
        _repairer(filled).repair(task_id)
    assert filled.messages() == []


def test_a_task_whose_message_cannot_be_sent_is_not_marked(stack: MotoStack) -> None:
    stack.put(record("t", "QUEUED", sentAt=_ago(HOUR)))
    with failing("SendMessage", "AccessDenied"), pytest.raises(AwsRefused, match="AccessDenied"):
        _repairer(stack).repair("t")
    assert _found(_repairer(stack)) == {"t"}


def test_every_page_of_every_segment_is_read_and_the_progress_told(stack: MotoStack) -> None:
    long = "x" * 100_000  # eleven of these are more than the 1 MB of one page
    for number in range(60):
        stack.put(record(f"t-{number}", "QUEUED", sentAt=_ago(HOUR), payload=f'"{long}"'))
    shown: list[tuple[int, int]] = []
    found = _repairer(stack).find(lambda read, found: shown.append((read, found)))
    assert len(set(found)) == 60
    assert len(shown) > 1
    assert shown[-1] == (60, 60)


def test_the_wait_after_a_purge_counts_its_seconds_down() -> None:
    clock = MovableClock()
    shown: list[int] = []
    wait_out_purge(shown.append, clock.advance)
    assert shown == list(range(PURGE_SECONDS, -1, -1))
    assert clock.seconds() == 60


def test_ctrl_c_while_waiting_says_that_nothing_was_sent() -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(InterruptedByUserError, match="nothing was sent"):
        wait_out_purge(lambda _: None, interrupt)
