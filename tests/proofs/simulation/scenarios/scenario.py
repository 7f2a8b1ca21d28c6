"""One scenario: a story, and how it ends when nothing goes wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.proofs.simulation.simulator import World

Story: TypeAlias = Callable[[World], None]
End: TypeAlias = Mapping[str, tuple[str, int]]
"""Status and number of attempts by task id."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A story that is told again with every fault.

    Parameters
    ----------
    name
        Says what happens; reports name it.
    end
        How each task ends without a fault: proof that the story tests what it says.
    pairs
        Whether it is small enough for all pairs of faults.
    concurrent
        Whether several actors act at once, so that the order of their steps is explored too.
    stale_handles_work
        Whether SQS honours receipt handles of earlier receives.
    """

    name: str
    story: Story
    end: End = field(default_factory=dict)
    pairs: bool = False
    concurrent: bool = False
    stale_handles_work: bool = False


def completed(attempts: int = 1) -> tuple[str, int]:
    """Return the end of a task that was done."""
    return "COMPLETED", attempts


def dead(attempts: int) -> tuple[str, int]:
    """Return the end of a task that was put aside."""
    return "DEAD_LETTERED", attempts
