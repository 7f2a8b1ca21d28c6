import pytest

from ops.errors import InterruptedByUserError
from ops.many import NotDoneError, RateLimiter, Tally, do_all
from taskguard.model.errors import AwsRefused, Unavailable
from tests.support.aws_in_process import MovableClock


def _send(task_id: str) -> None:
    if task_id == "refused":
        raise NotDoneError("no")
    if task_id == "failed":
        raise Unavailable("SendMessage", "Throttling")
    if task_id == "denied":
        raise AwsRefused("SendMessage", "AccessDenied")


def test_one_failure_does_not_stop_the_rest() -> None:
    shown: list[int] = []
    tally = do_all(["a", "failed", "denied", "refused", "b"], _send, lambda: None, shown.append)
    failed = {"failed": "SendMessage: Throttling", "denied": "SendMessage: AccessDenied"}
    assert tally == Tally(["a", "b"], {"refused": "no"}, failed)
    assert shown == [1, 2, 3, 4, 5]


def test_ctrl_c_says_how_far_it_came_and_that_repeating_is_safe() -> None:
    def interrupt(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedByUserError, match=r"2 of 3 sent again.*safe"):
        do_all(["a", "b", "c"], _send, lambda: None, interrupt)


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
