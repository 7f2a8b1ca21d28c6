"""One run of a scenario under a schedule, and the schedules that a scenario is run with."""

from collections.abc import Iterator, Set
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from enum import StrEnum
from io import StringIO
from itertools import islice
from typing import Final

from tests.proofs.simulation.actors import ACCEPTED
from tests.proofs.simulation.aws.table import OnAsked
from tests.proofs.simulation.calls import SUBTLE, Fault, Schedule, faults_of
from tests.proofs.simulation.functions import Functions
from tests.proofs.simulation.history import Answered, Called, Injected
from tests.proofs.simulation.invariants import violations
from tests.proofs.simulation.scenarios.scenario import Scenario
from tests.proofs.simulation.scheduler import Point, every_order
from tests.proofs.simulation.simulator import World

_DEFINITE = (400, 409, 413)
"""Answers that no repeat changes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Parameters
    ----------
    calls
        The numbered steps.
    points
        Where another actor could have gone on.
    violations
        What was violated; empty if all is well.
    injected
        How many of the schedule's faults happened.
    end
        Status and number of attempts of each task.
    """

    scenario: str
    schedule: Schedule
    calls: tuple[Called, ...]
    points: tuple[Point, ...]
    violations: tuple[str, ...]
    injected: int
    end: dict[str, tuple[str, int]]


@dataclass
class Runner:
    """Runs scenarios; keeps the functions warm between runs.

    Parameters
    ----------
    on_asked
        Told of every write to the table.
    """

    on_asked: OnAsked = lambda *_: None
    functions: Functions = field(default_factory=Functions)

    def run(self, scenario: Scenario, schedule: Schedule) -> Outcome:
        """Run a scenario, let the system come to rest, heal what was refused, and check."""
        world = World(self.functions, schedule, self.on_asked, stale_handles_work=scenario.stale_handles_work)
        with redirect_stdout(StringIO()):
            scenario.story(world)
            _heal(world)
        return Outcome(
            scenario.name,
            schedule,
            tuple(world.journal.of(Called)),
            tuple(world.baton.points),
            tuple(violations(world)),
            len(world.journal.of(Injected)),
            _end(world),
        )


def _heal(world: World) -> None:
    """Repeat each submit that was refused, now that no more faults happen."""
    world.calls.over = True
    answers = world.journal.of(Answered)
    settled = {answer.task for answer in answers if answer.status in (*ACCEPTED, *_DEFINITE)}
    refused = {answer.task: answer.payload for answer in answers if answer.task not in settled}
    world.not_healed = [task for task, payload in refused.items() if not world.client.submit(task, payload)]
    world.settle()


def _end(world: World) -> dict[str, tuple[str, int]]:
    return {
        task: (item["status"]["S"], len(item.get("attempts", {"L": []})["L"]))
        for task, item in world.table.items.items()
    }


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
