"""A scenario: a workload, and how it ends when nothing goes wrong."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.proofs.kit.invariants import Invariant
from tests.proofs.simulation.limits import OUT_OF_REACH, Limits
from tests.proofs.simulation.program import PLAIN, Program
from tests.proofs.simulation.schedule import Fault
from tests.proofs.simulation.simulator import Simulator

Workload: TypeAlias = Callable[[Simulator], None]
"""What clients, operators and SQS do in a run, until the system has come to rest."""

End: TypeAlias = Mapping[str, tuple[str, int]]
"""Status and number of attempts by task id."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A workload that is run again with every fault.

    Parameters
    ----------
    name
        Says what happens; the report names it.
    end
        How each task ends without a fault: shows that the workload does what its name says.
    pairs
        Whether it is short enough for all pairs of faults.
    concurrent
        Whether several actors act at once, so that the order of their steps is explored too.
    stale_handles_work
        Whether SQS honours receipt handles of earlier receives.
    limits
        Which of AWS's limits are within reach.
    promises
        Invariants of this scenario alone.
    program
        What is deployed at first.
    every
        Sweeps only each n-th schedule, where there are many steps of one kind.
    more_faults
        Of the faults that are `OPTIONAL` in a schedule, those that this scenario is swept with.
    """

    name: str
    workload: Workload
    end: End = field(default_factory=dict)
    pairs: bool = False
    concurrent: bool = False
    stale_handles_work: bool = False
    limits: Limits = OUT_OF_REACH
    more_faults: Set[Fault] = frozenset()
    promises: tuple[Invariant[Simulator], ...] = ()
    every: int = 1
    program: Program = PLAIN


def completed(attempts: int = 1) -> tuple[str, int]:
    """Return the end of a task that was completed."""
    return "COMPLETED", attempts


def dead(attempts: int) -> tuple[str, int]:
    """Return the end of a task that was dead-lettered."""
    return "DEAD_LETTERED", attempts
