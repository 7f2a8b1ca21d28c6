"""All orders in which actors can take their steps, each run once (stateless model checking)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from tests.proofs.simulation.baton import Point


class HasPoints(Protocol):
    """A run that knows where another actor could have gone on."""

    @property
    def points(self) -> Sequence[Point]:
        """The points in order."""


R = TypeVar("R", bound=HasPoints)


def every_order(run: Callable[[tuple[int, ...]], R], preemptions: int) -> Iterator[R]:
    """Run every order with so many preemptions at most: actors interrupted that could have gone on.

    Parameters
    ----------
    run
        Runs the actors with the given turns; behind their end the first option goes on.
    """
    left: list[tuple[int, ...]] = [()]
    while left:
        turns = left.pop()
        done = run(turns)
        yield done
        left.extend(_branches(turns, done.points, preemptions))


def _branches(turns: tuple[int, ...], points: Sequence[Point], preemptions: int) -> Iterator[tuple[int, ...]]:
    """Return the orders that leave the given one behind its last choice, by one other choice."""
    padded = turns + (0,) * (len(points) - len(turns))
    for at in range(len(turns), len(points)):
        for choice in range(1, points[at].options):
            branch = (*padded[:at], choice)
            if _preemptions(branch, points) <= preemptions:
                yield branch


def _preemptions(turns: tuple[int, ...], points: Sequence[Point]) -> int:
    return sum(1 for turn, point in zip(turns, points, strict=False) if turn and point.first_goes_on)
