"""Several actors at once, one step at a time, in an order that a schedule decides.

Python's own threads would switch anywhere and never the same way twice. Here each actor has a thread, so that
its code needs no change, but all threads except one wait at their next step: the run is as repeatable as one
without threads. At every choice point, where more than one could move, `turns` says who does.

`every_interleaving` is stateless model checking (Godefroid, "Model checking for programming languages using
VeriSoft", POPL 1997): no state is stored or compared; each order of steps is a run from the start.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias, TypeVar

from tests.proofs.simulation.process import Process

Actor: TypeAlias = Callable[[], object]

STUCK_SECONDS: Final = 60
"""Longest real time between two steps; beyond it the simulator itself hangs."""


@dataclass(frozen=True, slots=True)
class ChoicePoint:
    """A moment at which any of `options` actors could move.

    Parameters
    ----------
    last_can_go_on
        Whether option 0 is the actor that moved last, so that any other choice preempts it.
    """

    options: int
    last_can_go_on: bool


class _ThisThread(threading.local):
    actor: int | None = None


@dataclass
class Scheduler:
    """Lets one actor move at a time.

    Parameters
    ----------
    turns
        Which of the waiting actors moves, at each choice point; 0 where the list is over. The actor that
        moved last comes first, then the others in their order.
    points
        The choice points so far.
    """

    turns: Sequence[int]
    points: list[ChoicePoint] = field(default_factory=list)
    _this_thread: _ThisThread = field(default_factory=_ThisThread)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _waiting: set[int] = field(default_factory=set)
    _running: int | None = None

    @property
    def actor(self) -> int | None:
        """The actor whose thread this is; None outside of `run`."""
        return self._this_thread.actor

    def run(self, *actors: Actor) -> None:
        """Let the actors move until all are done."""
        threads = []
        # Each runs to its first step before the next one starts, so that what comes before the first step
        # is in the same order in every run.
        for number, act in enumerate(actors):
            threads.append(threading.Thread(target=self._act, args=(number, act), daemon=True))
            with self._changed:
                self._running = number
                threads[-1].start()
                self._wait_until_nobody_runs()
        last: int | None = None
        while self._waiting:
            last = self._choose(last)
            with self._changed:
                self._waiting.remove(last)
                self._running = last
                self._changed.notify_all()
                self._wait_until_nobody_runs()
        for thread in threads:
            thread.join()

    def wait_for_turn(self, process: Process) -> None:
        """Wait until the actor may move that the process belongs to; return at once outside of `run`."""
        # The thread decides, not the process: within `run_as`, processes of others run in this one.
        actor = self._this_thread.actor if self._this_thread.actor is not None else process.actor
        if actor is None:
            return
        with self._changed:
            self._waiting.add(actor)
            self._running = None
            self._changed.notify_all()
            self._wait_until(lambda: self._running == actor)

    @contextmanager
    def run_as(self, process: Process) -> Iterator[None]:
        """Let what this thread starts move on the turns of the process's actor."""
        before, self._this_thread.actor = self._this_thread.actor, process.actor
        try:
            yield
        finally:
            self._this_thread.actor = before

    def _act(self, number: int, act: Actor) -> None:
        self._this_thread.actor = number
        try:
            act()
        finally:
            with self._changed:
                self._running = None
                self._changed.notify_all()

    def _choose(self, last: int | None) -> int:
        ready = sorted(self._waiting, key=lambda actor: (actor != last, actor))
        choice = self.turns[len(self.points)] if len(self.points) < len(self.turns) else 0
        self.points.append(ChoicePoint(len(ready), last_can_go_on=last in self._waiting))
        # A fault may have ended an actor early, so that fewer wait than when the schedule was made.
        return ready[choice % len(ready)]

    def _wait_until_nobody_runs(self) -> None:
        self._wait_until(lambda: self._running is None)

    def _wait_until(self, happened: Callable[[], bool]) -> None:
        if not self._changed.wait_for(happened, STUCK_SECONDS):
            raise TimeoutError("the simulator hangs: an actor neither ended nor came to its next step")


class HasChoicePoints(Protocol):
    """The result of a run that knows where another actor could have moved."""

    @property
    def points(self) -> Sequence[ChoicePoint]:
        """The choice points in order."""


R = TypeVar("R", bound=HasChoicePoints)


def every_interleaving(run: Callable[[tuple[int, ...]], R], preemptions: int) -> Iterator[R]:
    """Run every order of steps with so many preemptions at most, each of them once.

    A preemption is a switch away from an actor that could have gone on; switches at an actor's end are free.

    Parameters
    ----------
    run
        Runs the actors with the given turns, and option 0 behind their end.
    """
    # Depth first over a tree whose nodes are prefixes of turns. A run of a prefix also is the run of all its
    # extensions by zeros, so only extensions that end in another choice are new.
    pending: list[tuple[int, ...]] = [()]
    while pending:
        turns = pending.pop()
        done = run(turns)
        yield done
        pending.extend(_branches(turns, done.points, preemptions))


def _branches(
    turns: tuple[int, ...], points: Sequence[ChoicePoint], preemptions: int
) -> Iterator[tuple[int, ...]]:
    """Yield the prefixes that differ from a run for the first time behind its own prefix."""
    padded = turns + (0,) * (len(points) - len(turns))
    for at in range(len(turns), len(points)):
        for choice in range(1, points[at].options):
            branch = (*padded[:at], choice)
            if _count_preemptions(branch, points) <= preemptions:
                yield branch


def _count_preemptions(turns: tuple[int, ...], points: Sequence[ChoicePoint]) -> int:
    return sum(1 for turn, point in zip(turns, points, strict=False) if turn and point.last_can_go_on)
