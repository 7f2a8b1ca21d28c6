"""What stands in for `process_task/work.py`: does at each attempt what the scenario says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.json_text import Json
from taskguard.work import Task
from tests.proofs.simulation import settings
from tests.proofs.simulation.clock import MovableClock
from tests.proofs.simulation.history import Died, Journal, Performed
from tests.proofs.simulation.process import Process


class Deed(StrEnum):
    """What the work does at an attempt."""

    DONE = "returns a result"
    FAILS = "raises"
    FAILS_FOR_GOOD = "raises PermanentError"
    ASKS_FOR_TIME = "raises RetryAfter"
    OUTLIVES_ALL = "returns when all others are done, on a host that Lambda killed late"
    OUTLIVES_ITS_LEASE = "returns when its lease ran out, on a host that Lambda killed late"


Plan: TypeAlias = tuple[Deed, ...]
"""Deeds by attempt; the last goes on."""

DONE: Plan = (Deed.DONE,)


@dataclass
class Work:
    """The work of a run.

    Parameters
    ----------
    settle
        Lets the whole system go on until it rests, while a worker that outlives its lease sleeps.
    """

    journal: Journal
    clock: MovableClock
    settle: Callable[[], None]
    _plans: dict[str, list[Plan]] = field(default_factory=dict)
    _busy: dict[str, list[Process]] = field(default_factory=dict)

    def plan(self, task: str, *deeds: Deed) -> None:
        """Say what the work of a task does from now on; work that is not mentioned succeeds."""
        self._plans.setdefault(task, []).append(deeds)

    def healthy(self, task: str) -> bool:
        """Tell whether the work of a task always succeeded."""
        return all(plan == DONE for plan in self._plans.get(task, []))

    def begin(self, process: Process, task: Task) -> None:
        """Begin one attempt."""
        busy = self._busy.setdefault(task.task_id, [])
        rivals = sum(1 for rival in busy if rival.alive and rival.deadline and not rival.is_over)
        self.journal.add(Performed(task.task_id, task.attempt, process.id, rivals))
        busy.append(process)

    def end(self, process: Process, task: Task) -> Json:
        """End the attempt as planned."""
        plan = self._plans.get(task.task_id, [DONE])[-1]
        try:
            return self._do(plan[min(task.attempt, len(plan)) - 1], process)
        finally:
            self._busy[task.task_id].remove(process)

    def _do(self, deed: Deed, process: Process) -> Json:
        match deed:
            case Deed.FAILS:
                raise RuntimeError("it failed")
            case Deed.FAILS_FOR_GOOD:
                raise PermanentError("it can never succeed")
            case Deed.ASKS_FOR_TIME:
                raise RetryAfter(60)
            case Deed.OUTLIVES_ALL:
                self._outlive(process)
                self.settle()
            case Deed.OUTLIVES_ITS_LEASE:
                self._outlive(process)
                self.clock.advance(settings.VISIBILITY_SECONDS)
        return {"by": process.id}

    def _outlive(self, process: Process) -> None:
        self.journal.add(Died(process.id))  # for Lambda, which sends its batch back
        process.deadline = None
