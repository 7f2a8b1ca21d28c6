from ops.redrive import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_turns_come_at_the_rate_and_the_first_at_once() -> None:
    clock = Clock()
    pace = Pace(4, lambda: clock.now, clock.sleep)
    turns = []
    for _ in range(4):
        pace.wait()
        turns.append(clock.now)
    assert turns == [0.0, 0.25, 0.5, 0.75]


def test_lost_time_is_not_made_up_for_by_a_burst() -> None:
    clock = Clock()
    pace = Pace(1, lambda: clock.now, clock.sleep)
    pace.wait()
    clock.now = 10.0
    turns = []
    for _ in range(3):
        pace.wait()
        turns.append(clock.now)
    assert turns == [10.0, 11.0, 12.0]
