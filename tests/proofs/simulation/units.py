"""The whole sweep cut into pieces that processes can share."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

from tests.proofs.simulation.mutations import MUTATIONS
from tests.proofs.simulation.mutations.mutation import Mutation
from tests.proofs.simulation.random_runs import run_random
from tests.proofs.simulation.running import Outcome, Runner
from tests.proofs.simulation.scenarios import SCENARIOS, named
from tests.proofs.simulation.sweep import Depth, Sweep, depths
from tests.proofs.simulation.tally import Tally


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
