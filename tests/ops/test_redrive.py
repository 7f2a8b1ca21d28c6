import pytest

from ops.errors import InterruptedByUserError
from ops.redrive import NotSentError, RateLimiter, SendReport, send_all, sender_for
from taskguard.model.errors import Unavailable
from tests.ops.moto_stack import MotoStack
from tests.ops.sample_records import dead_letter, record
from tests.support.aws_calls import failing
from tests.support.aws_in_process import MovableClock


def test_a_dead_letter_is_sent_as_its_next_generation_and_then_marked(stack: MotoStack) -> None:
    stack.put(dead_letter("t"))
    sender_for(stack.aws).redrive("t")
    assert stack.messages() == [{"taskId": "t", "payload": {"n": 1}, "generation": 2}]
    after = stack.get("t")
    assert (after["status"], after["generation"], len(after["attempts"])) == ("QUEUED", 2, 3)
    assert "deadLetterDay" not in after


@pytest.mark.parametrize(
    ("task_id", "reason"),
    [
        ("done", "it is COMPLETED, not DEAD_LETTERED"),
        ("waiting", "it is QUEUED, not DEAD_LETTERED"),
        ("nowhere", "no such task"),
        ("unreadable:m-1", "its message is no task"),
    ],
)
def test_what_is_no_dead_letter_is_refused_and_nothing_is_sent(
    stack: MotoStack, task_id: str, reason: str
) -> None:
    stack.put(record("done", "COMPLETED", "COMPLETED"))
    stack.put(record("waiting", "QUEUED"))
    stack.put(dead_letter("unreadable:m-1"))
    with pytest.raises(NotSentError, match=reason):
        sender_for(stack.aws).redrive(task_id)
    assert stack.messages() == []


def test_a_redrive_that_cannot_send_does_not_mark(stack: MotoStack) -> None:
    stack.put(dead_letter("t"))
    with failing("SendMessage", "AccessDenied"), pytest.raises(Unavailable, match="AccessDenied"):
        sender_for(stack.aws).redrive("t")
    assert stack.get("t")["status"] == "DEAD_LETTERED"


def test_a_waiting_task_is_sent_with_its_own_generation(stack: MotoStack) -> None:
    stack.put(record("t", "QUEUED"))
    sender_for(stack.aws).repair("t")
    assert stack.messages() == [{"taskId": "t", "payload": {"n": 1}, "generation": 1}]


def test_a_task_that_was_tried_meanwhile_is_not_repaired(stack: MotoStack) -> None:
    stack.put(record("t", "PROCESSING", ""))
    with pytest.raises(NotSentError, match="waits no longer"):
        sender_for(stack.aws).repair("t")
    assert stack.messages() == []


def _send(task_id: str) -> None:
    if task_id == "refused":
        raise NotSentError("no")
    if task_id == "failed":
        raise Unavailable("SendMessage", "AccessDenied")


def test_one_failure_does_not_stop_the_rest() -> None:
    shown: list[int] = []
    report = send_all(["a", "failed", "refused", "b"], _send, lambda: None, shown.append)
    assert report == SendReport(["a", "b"], {"refused": "no"}, {"failed": "SendMessage: AccessDenied"})
    assert shown == [1, 2, 3, 4]


def test_ctrl_c_says_how_far_it_came_and_that_repeating_is_safe() -> None:
    def interrupt(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedByUserError, match=r"2 of 3 sent again.*safe"):
        send_all(["a", "b", "c"], _send, lambda: None, interrupt)


def test_turns_come_at_the_rate_and_the_first_at_once() -> None:
    clock = MovableClock()
    pace = RateLimiter(4, clock.seconds, clock.advance)
    turns = []
    for _ in range(4):
        pace.wait()
        turns.append(clock.seconds())
    assert turns == [0.0, 0.25, 0.5, 0.75]


def test_lost_time_is_not_made_up_for_by_a_burst() -> None:
    clock = MovableClock()
    pace = RateLimiter(1, clock.seconds, clock.advance)
    pace.wait()
    clock.advance(10)
    turns = []
    for _ in range(3):
        pace.wait()
        turns.append(clock.seconds())
    assert turns == [10.0, 11.0, 12.0]
