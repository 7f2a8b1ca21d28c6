"""Stands in for the work of every kind: behaves in each attempt as the scenario says."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NoReturn, TypeAlias

from taskguard.attempt import MAX_RESULT_BYTES
from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.json_text import Json
from taskguard.model.record import MAX_ERROR_BYTES
from taskguard.work import Context as Attempt
from tests.proofs.simulation import settings
from tests.proofs.simulation.history import Child, History, ProcessDied, WorkStarted
from tests.proofs.simulation.pools import this_call
from tests.proofs.simulation.process import Killed, Process
from tests.support.aws_in_process import MovableClock


class Behaviour(StrEnum):
    """What the work does in an attempt."""

    DONE = "returns a result"
    FAILS = "raises"
    FAILS_FOR_GOOD = "raises PermanentError"
    ASKS_FOR_TIME = "raises RetryAfter"
    DONE_AT_LENGTH = "returns the largest result"
    FAILS_AT_LENGTH = "raises PermanentError with the largest error, in characters of four bytes"
    OUTLIVES_ALL = "returns when all others are done, on a host that Lambda killed late"
    OUTLIVES_ITS_LEASE = "returns when its lease ran out, on a host that Lambda killed late"
    HANGS = "never returns"
    RUNS_OUT_OF_MEMORY = "takes all memory, so that Lambda kills the invocation without a word"


@dataclass(frozen=True, slots=True)
class AsksFor:
    """The work raises `RetryAfter` with so many seconds."""

    seconds: float


Script: TypeAlias = tuple[Behaviour | AsksFor, ...]
"""Behaviours by attempt; the last one repeats."""

WIDE: Final = "\U0001f600"
"""A character of four bytes, in UTF-8; twelve in a message, whose JSON is ASCII."""

DONE: Script = (Behaviour.DONE,)


@dataclass
class ScriptedWork:
    """The work of all tasks in a run.

    Parameters
    ----------
    settle
        Lets the whole system run until it has come to rest, while a worker that outlives its lease stalls.
    down_until
        Until when everything that the work calls is down, so that each attempt asks for `down_asks_for`.
    unaffected
        Tasks whose work calls nothing.
    unavailable
        Tasks that a worker could not do, as it did not know their kind or could not import its work.
    """

    history: History
    clock: MovableClock
    settle: Callable[[], None]
    down_until: datetime | None = None
    down_asks_for: AsksFor = AsksFor(60)
    unaffected: set[str] = field(default_factory=set)
    unavailable: set[str] = field(default_factory=set)
    _submits: dict[str, Sequence[Child]] = field(default_factory=dict)
    _asked: dict[str, set[str]] = field(default_factory=dict)
    _scripts: dict[str, list[Script]] = field(default_factory=dict)
    _busy: dict[str, list[Process]] = field(default_factory=dict)

    def script(self, task: str, *behaviours: Behaviour | AsksFor) -> None:
        """Set what the work of a task does from now on; work without a script succeeds."""
        self._scripts.setdefault(task, []).append(behaviours)

    def submits(self, task: str, *children: Child) -> None:
        """Set what the work of a task submits in each attempt, before it does anything else."""
        self._submits[task] = children
        self._asked.setdefault(task, set()).update(map(repr, children))

    def healthy(self, task: str) -> bool:
        """Return whether the work of a task succeeds in every attempt."""
        down = self.down_until is not None and task not in self.unaffected
        hindered = down or task in self.unavailable
        return not hindered and all(script == DONE for script in self._scripts.get(task, []))

    def blameless(self, task: str) -> bool:
        """Return whether the work of a task never fails, but may ask to be called later."""
        return all(_is_blameless(each) for script in self._scripts.get(task, []) for each in script)

    def begin(self, process: Process, attempt: Attempt) -> None:
        """Start the work of an attempt, and record how many others are at the same task."""
        busy = self._busy.setdefault(attempt.task_id, [])
        rivals = sum(1 for rival in busy if rival.alive and rival.deadline and not rival.is_over)
        kinds = process.program.kinds
        self.history.add(
            WorkStarted(
                attempt.task_id, attempt.kind, kinds, process.lane, attempt.attempt, process.id, rivals
            )
        )
        busy.append(process)

    def children(self, attempt: Attempt) -> Sequence[Child]:
        """Return the tasks that the work of an attempt submits."""
        return self._submits.get(attempt.task_id, ())

    def asked(self, task: str) -> set[str]:
        """Return what the work of a task was ever to submit, each child once."""
        return self._asked.get(task, set())

    @contextmanager
    def left_if_it_fails(self, process: Process, attempt: Attempt) -> Iterator[None]:
        """End an attempt whose work raises meanwhile."""
        try:
            yield
        except Exception:
            self._busy[attempt.task_id].remove(process)
            raise

    def end(self, process: Process, attempt: Attempt) -> Json:
        """End the attempt as the script says."""
        script = self._scripts.get(attempt.task_id, [DONE])[-1]
        try:
            if self.down_until and self.clock() < self.down_until and attempt.task_id not in self.unaffected:
                return self._behave(self.down_asks_for, process)
            return self._behave(script[min(attempt.attempt, len(script)) - 1], process)
        finally:
            self._busy[attempt.task_id].remove(process)

    def _behave(self, behaviour: Behaviour | AsksFor, process: Process) -> Json:
        match behaviour:
            case AsksFor(seconds):
                raise RetryAfter(seconds)
            case _ if behaviour in _ERRORS:
                raise _ERRORS[behaviour]
            case Behaviour.DONE_AT_LENGTH:
                return WIDE * ((MAX_RESULT_BYTES - 2) // len(WIDE.encode()))
            case Behaviour.OUTLIVES_ALL:
                self._outlive(process)
                self.settle()
            case Behaviour.OUTLIVES_ITS_LEASE:
                self._outlive(process)
                self.clock.advance(settings.VISIBILITY_SECONDS)
            case Behaviour.HANGS:
                self._hang(process)
            case Behaviour.RUNS_OUT_OF_MEMORY:
                self._end(process)
        return {"by": process.id}

    def _outlive(self, process: Process) -> None:
        # For Lambda it is dead, and its batch comes back; the code runs on, as on a host that is cut off.
        self.history.add(ProcessDied(process.id))
        process.deadline = None

    def _hang(self, process: Process) -> NoReturn:
        call = this_call()
        process.hanging.append(call)
        call.hang()
        raise Killed

    def _end(self, process: Process) -> NoReturn:
        self.history.add(ProcessDied(process.id))
        process.kill()


_ERRORS = {
    Behaviour.FAILS: RuntimeError("it failed"),
    Behaviour.FAILS_FOR_GOOD: PermanentError("it can never succeed"),
    Behaviour.FAILS_AT_LENGTH: PermanentError(WIDE * MAX_ERROR_BYTES),
    Behaviour.ASKS_FOR_TIME: RetryAfter(60),
}
_BLAMELESS = (Behaviour.DONE, Behaviour.DONE_AT_LENGTH, Behaviour.ASKS_FOR_TIME)


def _is_blameless(behaviour: Behaviour | AsksFor) -> bool:
    return isinstance(behaviour, AsksFor) or behaviour in _BLAMELESS
