"""One run of a scenario under a schedule, and the schedules that a scenario is run with."""

from collections.abc import Iterator, Sequence, Set
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from enum import StrEnum
from io import StringIO
from itertools import islice
from typing import Final

from tests.proofs.kit.invariants import violations
from tests.proofs.simulation.actors import ACCEPTED
from tests.proofs.simulation.aws.table import OnWrite
from tests.proofs.simulation.functions import Functions
from tests.proofs.simulation.history import FaultInjected, Step, SubmitAnswered
from tests.proofs.simulation.invariants import INVARIANTS
from tests.proofs.simulation.pools import in_order
from tests.proofs.simulation.scenarios.scenario import Scenario
from tests.proofs.simulation.schedule import LATE_OR_REPEATED, Fault, Schedule, faults_of
from tests.proofs.simulation.scheduler import ChoicePoint, every_interleaving
from tests.proofs.simulation.simulator import Simulator

MOST_PREEMPTIONS: Final = 3
"""How often an actor may be interrupted against its will in one run, when interleavings are explored.

Nearly all concurrency bugs show with two (Musuvathi and Qadeer, "Iterative context bounding", PLDI 2007).
"""

_FINAL_ANSWERS: Final = (*ACCEPTED, 400, 409, 413)
"""Answers that no repeat changes."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to.

    Parameters
    ----------
    steps
        Those that were numbered: until the faults were over.
    points
        Where another actor could have moved.
    violations
        Each with the name of its invariant; empty if all is well.
    injected
        How many of the schedule's faults happened.
    end
        Status and number of attempts of each task.
    """

    scenario: str
    schedule: Schedule
    steps: tuple[Step, ...]
    points: tuple[ChoicePoint, ...]
    violations: tuple[str, ...]
    injected: int
    end: dict[str, tuple[str, int]]


@dataclass
class Runner:
    """Runs scenarios; keeps the functions warm between runs.

    Parameters
    ----------
    on_write
        Told of every write to the table.
    """

    on_write: OnWrite = lambda *_: None
    functions: Functions = field(default_factory=Functions)

    def run(self, scenario: Scenario, schedule: Schedule) -> RunResult:
        """Run a scenario, let the system come to rest, repeat refused submits, and check the invariants."""
        sim = Simulator(
            self.functions,
            schedule,
            self.on_write,
            stale_handles_work=scenario.stale_handles_work,
            limits=scenario.limits,
            more_faults=scenario.more_faults,
            program=scenario.program,
        )
        with redirect_stdout(StringIO()), in_order():
            scenario.workload(sim)
            _repeat_refused_submits(sim)
        return RunResult(
            scenario.name,
            schedule,
            tuple(sim.history.of(Step)),
            tuple(sim.scheduler.points),
            tuple(str(violation) for violation in violations((*INVARIANTS, *scenario.promises), sim)),
            len(sim.history.of(FaultInjected)),
            _end(sim),
        )


class Depth(StrEnum):
    """How thoroughly a scenario is swept."""

    SINGLES = "single faults"
    PAIRS = "pairs of faults"
    INTERLEAVINGS = "orders of steps"
    FAULTS_IN_INTERLEAVINGS = "single faults in orders of steps"


def depths(scenario: Scenario) -> tuple[Depth, ...]:
    """Return the parts of a scenario's full sweep."""
    pairs = (Depth.PAIRS,) if scenario.pairs else ()
    concurrent = (Depth.INTERLEAVINGS, Depth.FAULTS_IN_INTERLEAVINGS) if scenario.concurrent else ()
    return (Depth.SINGLES, *pairs, *concurrent)


@dataclass
class Sweep:
    """Runs one scenario under many schedules.

    Which steps there are is known only from a run: each fault that is added changes the steps behind it. So
    the runs build on each other, from the one without faults.

    Parameters
    ----------
    every
        Runs only each n-th schedule with one more fault, for a short sweep of a long scenario.
    """

    runner: Runner
    scenario: Scenario
    every: int = 1

    def run(self, depth: Depth) -> Iterator[RunResult]:
        """Yield the results of one part of the sweep, as they come."""
        match depth:
            case Depth.SINGLES:
                yield from self._singles()
            case Depth.PAIRS:
                for single in self._with_one_more_fault(self._run(Schedule())):
                    yield from self._with_one_more_fault(single, LATE_OR_REPEATED)
            case Depth.INTERLEAVINGS:
                yield from self._interleavings(MOST_PREEMPTIONS)
            case Depth.FAULTS_IN_INTERLEAVINGS:
                for interleaving in self._interleavings(1):
                    yield from self._with_one_more_fault(interleaving, LATE_OR_REPEATED)

    def _singles(self) -> Iterator[RunResult]:
        faultless = self._run(Schedule())
        yield faultless
        yield from self._with_one_more_fault(faultless)

    def _with_one_more_fault(self, base: RunResult, without: Set[Fault] = frozenset()) -> Iterator[RunResult]:
        """Run again with each fault that can be added behind those of a run."""
        later = _worth_a_fault(base.steps[max(base.schedule.faults, default=0) :])
        more = self.scenario.more_faults
        added = ((s.number, fault) for s in later for fault in faults_of(s, more) if fault not in without)
        for number, fault in islice(added, 0, None, self.every * self.scenario.every):
            yield self._run(Schedule({**base.schedule.faults, number: fault}, base.schedule.turns))

    def _interleavings(self, preemptions: int) -> Iterator[RunResult]:
        return every_interleaving(lambda turns: self._run(Schedule(turns=turns)), preemptions)

    def _run(self, schedule: Schedule) -> RunResult:
        return self.runner.run(self.scenario, schedule)


def _worth_a_fault(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield all steps but the inner ones of a row of queries, which read shard after shard."""
    for before, step, after in zip((None, *steps), steps, (*steps[1:], None), strict=False):
        inner = before and after and before.operation == step.operation == after.operation == "query"
        if not inner:
            yield step


def _repeat_refused_submits(sim: Simulator) -> None:
    """Repeat each submit without a final answer, now that no more faults happen."""
    sim.injector.stopped = True
    answers = sim.history.of(SubmitAnswered)
    answered = {answer.task for answer in answers if answer.status in _FINAL_ANSWERS}
    refused = {answer.task: answer.payload for answer in answers if answer.task not in answered}
    sim.still_refused = [task for task, payload in refused.items() if not sim.client.submit(task, payload)]
    sim.settle()


def _end(sim: Simulator) -> dict[str, tuple[str, int]]:
    return {
        task: (item["status"]["S"], int(item.get("attemptCount", {"N": "0"})["N"]))
        for task, item in sim.table.records.items()
    }
