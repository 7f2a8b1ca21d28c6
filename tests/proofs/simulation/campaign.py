"""The full sweep in pieces that processes share, what it came to, and how that is printed."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.proofs.simulation.aws.oracle import Questions
from tests.proofs.simulation.calls import Schedule
from tests.proofs.simulation.mutations import MUTATIONS
from tests.proofs.simulation.mutations.mutation import Mutation
from tests.proofs.simulation.scenarios import SCENARIOS, named
from tests.proofs.simulation.scenarios.random_workloads import run_random
from tests.proofs.simulation.sweep import Depth, Outcome, Runner, Sweep, depths


@dataclass
class Tally:
    """Counts of runs.

    Parameters
    ----------
    calls
        Steps numbered in the runs without faults.
    faults
        Faults injected.
    broken
        Runs that violated something.
    """

    calls: int = 0
    runs: int = 0
    faults: int = 0
    broken: list[Outcome] = field(default_factory=list)
    questions: Questions = field(default_factory=Questions)

    def count(self, outcome: Outcome) -> None:
        """Count one run."""
        self.runs += 1
        self.faults += outcome.injected
        if not outcome.schedule.faults and not outcome.schedule.turns:
            self.calls += len(outcome.calls)
        if outcome.violations:
            self.broken.append(outcome)

    def add(self, other: "Tally") -> None:
        """Add another's counts."""
        self.calls += other.calls
        self.runs += other.runs
        self.faults += other.faults
        self.broken += other.broken
        self.questions.add(other.questions)


@dataclass(frozen=True, slots=True)
class SweepUnit:
    """One scenario at one depth."""

    scenario: str
    depth: Depth

    def __str__(self) -> str:
        return f"{self.scenario}: {self.depth}"

    def run(self) -> Tally:
        """Run the piece."""
        tally = Tally()
        for outcome in Sweep(Runner(tally.questions), named(self.scenario)).run(self.depth):
            tally.count(outcome)
        return tally


@dataclass(frozen=True, slots=True)
class RandomUnit:
    """Random stories from one seed."""

    seed: int
    runs: int

    def __str__(self) -> str:
        return f"random stories: seed {self.seed}"

    def run(self) -> Tally:
        """Run the piece."""
        tally = Tally()
        run_random(Runner(tally.questions), self.runs, self.seed, tally.count)
        del tally.broken[:-1]  # the last is the shortest
        return tally


Unit = SweepUnit | RandomUnit


@dataclass(frozen=True, slots=True)
class Catch:
    """What became of a mutation: the run that caught it (None: nobody noticed), and after how many runs."""

    mutation: str
    by: Outcome | None
    runs: int


def all_units(random_runs: int, seeds: list[int]) -> list[Unit]:
    """Return the pieces of the full sweep, those that take longest first."""
    units: list[Unit] = [SweepUnit(s.name, depth) for s in SCENARIOS for depth in depths(s)]
    units.sort(key=lambda unit: list(Depth).index(unit.depth) if isinstance(unit, SweepUnit) else 0)
    return [*(RandomUnit(seed, random_runs) for seed in seeds), *reversed(units)]


def new_seeds(count: int) -> list[int]:
    """Return seeds that nobody has chosen."""
    return [random.SystemRandom().randrange(2**32) for _ in range(count)]


def run_units(units: list[Unit], workers: int) -> Iterator[tuple[Unit, Tally]]:
    """Run pieces in so many processes; yields each as it ends."""
    # A fresh interpreter for each: a fork could inherit a lock that a thread of ours holds.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(unit.run): unit for unit in units}
        for done in as_completed(running):
            yield running[done], done.result()


def catch(mutation: Mutation) -> Catch:
    """Sweep the mutation's scenario until it is caught."""
    runs = 0
    with mutation.apply():
        sweep = Sweep(Runner(), named(mutation.scenario))
        for depth in depths(sweep.scenario):
            for outcome in sweep.run(depth):
                runs += 1
                if outcome.violations:
                    return Catch(mutation.name, outcome, runs)
    return Catch(mutation.name, None, runs)


def catch_all(tell: Callable[[Catch], None]) -> list[Catch]:
    """Try every mutation."""
    catches = []
    for mutation in MUTATIONS:
        catches.append(catch(mutation))
        tell(catches[-1])
    return catches


def outcome_text(outcome: Outcome) -> str:
    """Return a run that violated something: what, where, under which schedule, at which steps."""
    lines = [f"VIOLATION in {outcome.scenario}", f"  schedule: {schedule_text(outcome)}"]
    lines += [f"  {violation}" for violation in outcome.violations]
    steps = ", ".join(str(call) for call in outcome.calls)
    return "\n".join([*lines, f"  steps: {steps}"])


def schedule_text(outcome: Outcome) -> str:
    """Return a schedule with the names of its steps."""
    calls = {call.number: call for call in outcome.calls}
    faults = [f"{calls[n]}: {fault.value}" for n, fault in outcome.schedule.faults.items() if n in calls]
    turns = Schedule(turns=outcome.schedule.turns)
    return "; ".join(faults + [str(turns)] * (any(turns.turns) or not faults))


def tally_text(tally: Tally, scenarios: int, seconds: float) -> str:
    """Return the numbers of a sweep."""
    return (
        f"scenarios: {scenarios}, calls numbered: {tally.calls}, schedules run: {tally.runs}, "
        f"faults injected: {tally.faults}, violations: {len(tally.broken)} "
        f"({seconds:.0f} s, {tally.runs / seconds * 60:.0f} runs a minute)"
    )


def catch_text(caught: Catch) -> str:
    """Return what became of a mutation."""
    if caught.by is None:
        return f"  NOT CAUGHT in {caught.runs} runs: {caught.mutation}"
    violation = caught.by.violations[0].split(":")[0]
    return (
        f"  caught: {caught.mutation}\n"
        f"          in {caught.by.scenario}; {schedule_text(caught.by)}; run {caught.runs}: {violation}"
    )
