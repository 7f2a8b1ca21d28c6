"""Several actors at once, one step at a time, in an order that a schedule decides.

Each actor runs in a thread of its own, but only one of them at a time: all others wait at their next step.
So a run is as repeatable as one without threads. `every_interleaving` explores all orders of the steps.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypeVar

from tests.proofs.simulation.process import Process

Actor: TypeAlias = Callable[[], object]

STUCK_SECONDS = 60
"""Longest time between two steps; beyond it the simulator itself hangs."""


@dataclass(frozen=True, slots=True)
class Point:
    """A moment at which ``options`` actors could go on.

    Parameters
    ----------
    first_goes_on
        Whether the first option is the actor that ran last, so that any other choice preempts it.
    """

    options: int
    first_goes_on: bool


class _Here(threading.local):
    actor: int | None = None


@dataclass
class Baton:
    """Takes turns between actors.

    Parameters
    ----------
    turns
        Which of the waiting actors goes on, at each point; the first where the list is over. The actor
        that ran last comes first, then the others in their order.
    """

    turns: Sequence[int]
    points: list[Point] = field(default_factory=list)
    _here: _Here = field(default_factory=_Here)
    _moved: threading.Condition = field(default_factory=threading.Condition)
    _waiting: set[int] = field(default_factory=set)
    _running: int | None = None

    @property
    def actor(self) -> int | None:
        """The actor whose thread this is; None outside of ``run``."""
        return self._here.actor

    def run(self, *actors: Actor) -> None:
        """Let the actors act until all are done."""
        threads = []
        for number, act in enumerate(actors):
            threads.append(threading.Thread(target=self._act, args=(number, act), daemon=True))
            with self._moved:
                self._running = number
                threads[-1].start()
                self._until_nobody_runs()
        last: int | None = None
        while self._waiting:
            last = self._next(last)
            with self._moved:
                self._waiting.remove(last)
                self._running = last
                self._moved.notify_all()
                self._until_nobody_runs()
        for thread in threads:
            thread.join()

    def wait(self, process: Process) -> None:
        """Wait for the turn of the actor that the process runs for; returns at once outside of ``run``."""
        actor = self._here.actor if self._here.actor is not None else process.actor
        if actor is None:
            return
        with self._moved:
            self._waiting.add(actor)
            self._running = None
            self._moved.notify_all()
            self._until(lambda: self._running == actor)

    @contextmanager
    def on_turn_of(self, process: Process) -> Iterator[None]:
        """Let what this thread starts run on the turns of the process's actor."""
        before, self._here.actor = self._here.actor, process.actor
        try:
            yield
        finally:
            self._here.actor = before

    def _act(self, number: int, act: Actor) -> None:
        self._here.actor = number
        try:
            act()
        finally:
            with self._moved:
                self._running = None
                self._moved.notify_all()

    def _next(self, last: int | None) -> int:
        ready = sorted(self._waiting, key=lambda actor: (actor != last, actor))
        choice = self.turns[len(self.points)] if len(self.points) < len(self.turns) else 0
        self.points.append(Point(len(ready), first_goes_on=last in self._waiting))
        return ready[choice % len(ready)]  # a fault may have left fewer than the schedule knew

    def _until_nobody_runs(self) -> None:
        self._until(lambda: self._running is None)

    def _until(self, happened: Callable[[], bool]) -> None:
        if not self._moved.wait_for(happened, STUCK_SECONDS):
            raise TimeoutError("the simulator hangs: an actor neither ended nor came to its next step")


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
