"""The scheduler of actors: repeatable, complete, and never two at a time."""

from dataclasses import dataclass, field
from itertools import pairwise
from math import comb

import pytest

from tests.proofs.simulation.process import Kind, Process
from tests.proofs.simulation.scheduler import Actor, ChoicePoint, Scheduler, every_interleaving
from tests.support.aws_in_process import MovableClock


@dataclass
class Steps:
    """Two actors that record each of their steps."""

    turns: tuple[int, ...]
    seen: str = ""
    scheduler: Scheduler = field(init=False)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.turns)
        self.scheduler.run(self._actor("a"), self._actor("b"))

    @property
    def points(self) -> list[ChoicePoint]:
        return self.scheduler.points

    def _actor(self, name: str) -> Actor:
        def act() -> None:
            process = Process(1, Kind.CLIENT, MovableClock(), actor=self.scheduler.actor)
            for _ in range(3):
                self.scheduler.wait_for_turn(process)
                self.seen += name

        return act


def test_without_turns_each_actor_ends_before_the_next_moves() -> None:
    assert Steps(()).seen == "aaabbb"


def test_turns_decide_who_moves_and_the_rest_follows() -> None:
    assert Steps((1, 1, 1)).seen == "babbaa"


def test_every_interleaving_is_run_once() -> None:
    orders = [steps.seen for steps in every_interleaving(Steps, preemptions=6)]
    assert len(orders) == len(set(orders)) == comb(6, 3)


@pytest.mark.parametrize(("preemptions", "orders"), [(0, 2), (1, 6)])
def test_few_preemptions_leave_few_interleavings(preemptions: int, orders: int) -> None:
    seen = {steps.seen for steps in every_interleaving(Steps, preemptions)}
    assert len(seen) == orders
    assert all(sum(a != b for a, b in pairwise(s)) <= 2 * preemptions + 1 for s in seen)


def test_a_process_outside_of_a_run_never_waits() -> None:
    Scheduler(()).wait_for_turn(Process(1, Kind.CLIENT, MovableClock()))
