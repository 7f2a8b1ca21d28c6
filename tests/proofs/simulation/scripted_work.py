"""Stands in for `process_task/work.py`: behaves in each attempt as the scenario says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.json_text import Json
from taskguard.work import Task
from tests.proofs.simulation import settings
from tests.proofs.simulation.history import History, ProcessDied, WorkStarted
from tests.proofs.simulation.process import Process
from tests.support.aws_in_process import MovableClock


class Behaviour(StrEnum):
    """What the work does in an attempt."""

    DONE = "returns a result"
    FAILS = "raises"
    FAILS_FOR_GOOD = "raises PermanentError"
    ASKS_FOR_TIME = "raises RetryAfter"
    OUTLIVES_ALL = "returns when all others are done, on a host that Lambda killed late"
    OUTLIVES_ITS_LEASE = "returns when its lease ran out, on a host that Lambda killed late"


Script: TypeAlias = tuple[Behaviour, ...]
"""Behaviours by attempt; the last one repeats."""

DONE: Script = (Behaviour.DONE,)


@dataclass
class ScriptedWork:
    """The work of all tasks in a run.

    Parameters
    ----------
    settle
        Lets the whole system run until it has come to rest, while a worker that outlives its lease stalls.
    """

    history: History
    clock: MovableClock
    settle: Callable[[], None]
    _scripts: dict[str, list[Script]] = field(default_factory=dict)
    _busy: dict[str, list[Process]] = field(default_factory=dict)

    def script(self, task: str, *behaviours: Behaviour) -> None:
        """Set what the work of a task does from now on; work without a script succeeds."""
        self._scripts.setdefault(task, []).append(behaviours)

    def healthy(self, task: str) -> bool:
        """Return whether the work of a task succeeds in every attempt."""
        return all(script == DONE for script in self._scripts.get(task, []))

    def begin(self, process: Process, task: Task) -> None:
        """Start the work of an attempt, and record how many others are at the same task."""
        busy = self._busy.setdefault(task.task_id, [])
        rivals = sum(1 for rival in busy if rival.alive and rival.deadline and not rival.is_over)
        self.history.add(WorkStarted(task.task_id, task.attempt, process.id, rivals))
        busy.append(process)

    def end(self, process: Process, task: Task) -> Json:
        """End the attempt as the script says."""
        script = self._scripts.get(task.task_id, [DONE])[-1]
        try:
            return self._behave(script[min(task.attempt, len(script)) - 1], process)
        finally:
            self._busy[task.task_id].remove(process)

    def _behave(self, behaviour: Behaviour, process: Process) -> Json:
        match behaviour:
            case Behaviour.FAILS:
                raise RuntimeError("it failed")
            case Behaviour.FAILS_FOR_GOOD:
                raise PermanentError("it can never succeed")
            case Behaviour.ASKS_FOR_TIME:
                raise RetryAfter(60)
            case Behaviour.OUTLIVES_ALL:
                self._outlive(process)
                self.settle()
            case Behaviour.OUTLIVES_ITS_LEASE:
                self._outlive(process)
                self.clock.advance(settings.VISIBILITY_SECONDS)
        return {"by": process.id}

    def _outlive(self, process: Process) -> None:
        # For Lambda it is dead, and its batch comes back; the code runs on, as on a host that is cut off.
        self.history.add(ProcessDied(process.id))
        process.deadline = None
