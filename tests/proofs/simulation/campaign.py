"""The full sweep in jobs that processes share, what it came to, and how that is printed."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TypeAlias

from tests.proofs.simulation.aws.oracle import Questions
from tests.proofs.simulation.mutations.mutation import MutationResult
from tests.proofs.simulation.scenarios import SCENARIOS, named
from tests.proofs.simulation.scenarios.random_workloads import run_random
from tests.proofs.simulation.schedule import Schedule
from tests.proofs.simulation.sweep import Depth, Runner, RunResult, Sweep, depths


@dataclass
class Totals:
    """What many runs came to.

    Attributes
    ----------
    steps
        Steps numbered in the runs without faults.
    faults
        Faults injected.
    broken
        Runs that violated an invariant.
    questions
        What the runs asked of the table, for the oracle.
    """

    steps: int = 0
    runs: int = 0
    faults: int = 0
    broken: list[RunResult] = field(default_factory=list)
    questions: Questions = field(default_factory=Questions)

    def count(self, result: RunResult) -> None:
        """Count one run."""
        self.runs += 1
        self.faults += result.injected
        if not result.schedule.faults and not result.schedule.turns:
            self.steps += len(result.steps)
        if result.violations:
            self.broken.append(result)

    def add(self, other: "Totals") -> None:
        """Add the totals of another process."""
        self.steps += other.steps
        self.runs += other.runs
        self.faults += other.faults
        self.broken += other.broken
        self.questions.add(other.questions)


@dataclass(frozen=True, slots=True)
class SweepJob:
    """One scenario at one depth."""

    scenario: str
    depth: Depth

    def __str__(self) -> str:
        return f"{self.scenario}: {self.depth}"

    def run(self) -> Totals:
        """Run the job."""
        totals = Totals()
        for result in Sweep(Runner(totals.questions), named(self.scenario)).run(self.depth):
            totals.count(result)
        return totals


@dataclass(frozen=True, slots=True)
class RandomJob:
    """So many random workloads from one seed."""

    seed: int
    runs: int

    def __str__(self) -> str:
        return f"random stories: seed {self.seed}"

    def run(self) -> Totals:
        """Run the job."""
        totals = Totals()
        run_random(Runner(totals.questions), self.runs, self.seed, totals.count)
        del totals.broken[:-1]  # all show the same violation; the last is the shortest
        return totals


Job: TypeAlias = SweepJob | RandomJob


def all_jobs(random_runs: int, seeds: list[int]) -> list[Job]:
    """Return the jobs of the full sweep, those that take longest first."""
    jobs: list[Job] = [SweepJob(s.name, depth) for s in SCENARIOS for depth in depths(s)]
    jobs.sort(key=lambda job: list(Depth).index(job.depth) if isinstance(job, SweepJob) else 0)
    return [*(RandomJob(seed, random_runs) for seed in seeds), *reversed(jobs)]


def run_jobs(jobs: list[Job], workers: int) -> Iterator[tuple[Job, Totals]]:
    """Run jobs in so many processes; yield each as it ends."""
    # A fresh interpreter for each: a fork could inherit a lock that a thread of ours holds.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(job.run): job for job in jobs}
        for done in as_completed(running):
            yield running[done], done.result()


def result_text(result: RunResult) -> str:
    """Return a run that violated something: what, in which scenario, under which schedule, at which steps."""
    lines = [f"VIOLATION in {result.scenario}", f"  schedule: {schedule_text(result)}"]
    lines += [f"  {violation}" for violation in result.violations]
    steps = ", ".join(str(step) for step in result.steps)
    return "\n".join([*lines, f"  steps: {steps}"])


def schedule_text(result: RunResult) -> str:
    """Return a schedule with the names of its steps."""
    steps = {step.number: step for step in result.steps}
    faults = [f"{steps[n]}: {fault.value}" for n, fault in result.schedule.faults.items() if n in steps]
    turns = Schedule(turns=result.schedule.turns)
    return "; ".join(faults + [str(turns)] * (any(turns.turns) or not faults))


def totals_text(totals: Totals, scenarios: int, seconds: float) -> str:
    """Return the numbers of a sweep that took so many seconds."""
    return (
        f"scenarios: {scenarios}, calls numbered: {totals.steps}, schedules run: {totals.runs}, "
        f"faults injected: {totals.faults}, violations: {len(totals.broken)} "
        f"({seconds:.0f} s, {totals.runs / seconds * 60:.0f} runs a minute)"
    )


def mutation_text(result: MutationResult) -> str:
    """Return what became of a mutation."""
    if result.caught_by is None:
        return f"  NOT CAUGHT in {result.runs} runs: {result.mutation}"
    violation = result.caught_by.violations[0].split(":")[0]
    return (
        f"  caught: {result.mutation}\n"
        f"          in {result.caught_by.scenario}; {schedule_text(result.caught_by)}; "
        f"run {result.runs}: {violation}"
    )
