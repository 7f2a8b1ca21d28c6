"""Which schedules a scenario is run with: every single fault, every pair, every order of steps."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

from tests.proofs.simulation.calls import SUBTLE, Fault, Schedule, faults_of
from tests.proofs.simulation.orders import every_order
from tests.proofs.simulation.running import Outcome, Runner
from tests.proofs.simulation.scenarios.scenario import Scenario

MOST_PREEMPTIONS: Final = 3
"""How often an actor may be interrupted against its will in one run, when the orders of steps are explored.

Nearly all concurrency bugs show with two (Musuvathi and Qadeer, "Iterative context bounding", PLDI 2007).
"""


class Depth(StrEnum):
    """How thoroughly a scenario is swept."""

    SINGLES = "single faults"
    PAIRS = "pairs of faults"
    ORDERS = "orders of steps"
    FAULTS_IN_ORDERS = "single faults in orders of steps"


def depths(scenario: Scenario) -> tuple[Depth, ...]:
    """Return the parts of a scenario's full sweep."""
    more = (Depth.PAIRS,) if scenario.pairs else ()
    orders = (Depth.ORDERS, Depth.FAULTS_IN_ORDERS) if scenario.concurrent else ()
    return (Depth.SINGLES, *more, *orders)


@dataclass
class Sweep:
    """Runs one scenario in many ways.

    Parameters
    ----------
    every
        Runs only each n-th schedule of added faults, for a short sweep of a long scenario.
    """

    runner: Runner
    scenario: Scenario
    every: int = 1

    def run(self, depth: Depth) -> Iterator[Outcome]:
        """Return the outcomes of one part of the sweep, as they come."""
        match depth:
            case Depth.SINGLES:
                yield from self._singles()
            case Depth.PAIRS:
                for single in self._faulty(self._once(Schedule())):
                    yield from self._faulty(single, SUBTLE)
            case Depth.ORDERS:
                yield from self._orders(MOST_PREEMPTIONS)
            case Depth.FAULTS_IN_ORDERS:
                for order in self._orders(1):
                    yield from self._faulty(order, SUBTLE)

    def _singles(self) -> Iterator[Outcome]:
        calm = self._once(Schedule())
        yield calm
        yield from self._faulty(calm)

    def _faulty(self, base: Outcome, without: Set[Fault] = frozenset()) -> Iterator[Outcome]:
        """Run again with each fault that can be added behind those of a run."""
        later = base.calls[max(base.schedule.faults, default=0) :]
        added = ((c.number, fault) for c in later for fault in faults_of(c) if fault not in without)
        for number, fault in islice(added, 0, None, self.every):
            yield self._once(Schedule({**base.schedule.faults, number: fault}, base.schedule.turns))

    def _orders(self, preemptions: int) -> Iterator[Outcome]:
        return every_order(lambda turns: self._once(Schedule(turns=turns)), preemptions)

    def _once(self, schedule: Schedule) -> Outcome:
        return self.runner.run(self.scenario, schedule)
