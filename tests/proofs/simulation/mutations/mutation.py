"""A mutation of the product, one guard less, and the sweep that must catch it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from tests.proofs.simulation.scenarios import named
from tests.proofs.simulation.schedule import Schedule
from tests.proofs.simulation.sweep import Runner, RunResult, Sweep, depths

Patch: TypeAlias = Callable[[], AbstractContextManager[object]]

NO_FAULTS: Final = Schedule()


@dataclass(frozen=True, slots=True)
class Mutation:
    """The product with one guard less.

    Parameters
    ----------
    name
        What the product then does.
    scenario
        Name of the scenario whose sweep is to catch it.
    apply
        Takes the guard out for as long as the context lasts.
    first
        A schedule that caught it once and is tried first, where the sweep takes long to come to it.
    """

    name: str
    scenario: str
    apply: Patch
    first: Schedule = NO_FAULTS


@dataclass(frozen=True, slots=True)
class MutationResult:
    """What became of a mutation.

    Parameters
    ----------
    caught_by
        The first run that violated an invariant; None if the mutation survived the whole sweep.
    runs
        How many runs there were until then.
    """

    mutation: str
    caught_by: RunResult | None
    runs: int


def run_mutation(mutation: Mutation) -> MutationResult:
    """Sweep the mutation's scenario until the mutation is caught."""
    runs = 0
    with mutation.apply():
        # A new runner: functions built before the mutation could still hold the code without it.
        sweep = Sweep(Runner(), replace(named(mutation.scenario), every=1))
        if mutation.first is not NO_FAULTS:
            runs += 1
            result = sweep.runner.run(sweep.scenario, mutation.first)
            if result.violations:
                return MutationResult(mutation.name, result, runs)
        for depth in depths(sweep.scenario):
            for result in sweep.run(depth):
                runs += 1
                if result.violations:
                    return MutationResult(mutation.name, result, runs)
    return MutationResult(mutation.name, None, runs)
