"""Every step of a run numbered, and the faults of its schedule put where it says."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NoReturn, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.proofs.simulation.clock import MovableClock
from tests.proofs.simulation.history import Called, Died, Injected, Journal
from tests.proofs.simulation.process import Kind, Process

T = TypeVar("T")

CALL_SECONDS: Final = 0.01
"""How long a call takes."""

LATE_STEPS: Final = 4
"""After how many further steps a late effect takes place; before any waiting, at the latest.

A request that the SDK gave up may still be on its way. It is taken to arrive within seconds: long before the
message that it is about becomes visible again after a visibility timeout of at least six.
"""

LOST_SECONDS: Final = 9
"""How long the SDK waits for an answer that was lost: three tries of 3 s (`taskguard.storage.aws`)."""


class Fault(StrEnum):
    """What may happen at a step."""

    REFUSED = "error before effect"
    LOST = "effect, answer lost"
    LATE = "answer lost, effect late"
    REPEATED = "answer lost, repeated by the SDK"
    REPEATED_LATE = "repeated by the SDK, the first takes effect late"
    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    OVERTAKEN = "overtaken by all others"


_ALL = tuple(Fault)
WORK_BEGINS: Final = "perform begins"
WORK_ENDS: Final = "perform ends"
FAULTS: Final[Mapping[Kind, tuple[Fault, ...]]] = {
    Kind.SUBMIT: _ALL,
    Kind.PROCESS: _ALL,
    Kind.MONITOR: _ALL,
    Kind.OPERATOR: _ALL,
    # Lambda's poller and the client are not ours to kill; a call of theirs happens, or not, or unheard.
    Kind.POLLER: (Fault.REFUSED, Fault.LOST, Fault.OVERTAKEN),
    Kind.CLIENT: (Fault.REFUSED, Fault.LOST),
}
_WORK_FAULTS: Final = {
    WORK_BEGINS: (Fault.KILLED_AFTER, Fault.OVERTAKEN),
    WORK_ENDS: (Fault.KILLED_AFTER, Fault.OVERTAKEN),
}
"""What may happen to the work itself: its process is killed in the middle or at the end, or it is slow."""


SUBTLE: Final = {Fault.LATE, Fault.REPEATED, Fault.REPEATED_LATE}
"""Faults that are tried alone, first of a pair and at random; in all places they would double the time."""


def faults_of(call: Called) -> tuple[Fault, ...]:
    """Return the faults that make sense at a step."""
    return _WORK_FAULTS.get(call.operation) or FAULTS[Kind(call.process)]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Which faults happen at which steps, and who goes first where several could.

    Parameters
    ----------
    faults
        By the step's number, from 1.
    turns
        At each point where several actors could go on, the index of the one that does; the first
        where the list is over.
    """

    faults: Mapping[int, Fault] = field(default_factory=dict)
    turns: tuple[int, ...] = ()

    def __str__(self) -> str:
        faults = ", ".join(f"step {number}: {fault.value}" for number, fault in self.faults.items())
        turns = f"turns {''.join(map(str, self.turns))}" if any(self.turns) else ""
        return "; ".join(part for part in (faults, turns) if part) or "no fault"


@dataclass
class Calls:
    """Makes the steps of a run.

    Parameters
    ----------
    overtake
        Lets everybody else go on before the process's step.
    before
        Called before a step is numbered; waits there for the process's turn.
    over
        The schedule is over: no step is numbered or failed any more.
    actor
        Whose step took effect last.
    """

    schedule: Schedule
    journal: Journal
    clock: MovableClock
    overtake: Callable[[Process], None]
    before: Callable[[Process], None] = lambda _process: None
    count: int = 0
    over: bool = False
    actor: Process | None = None
    _late: list[tuple[int, Process, Callable[[], object]]] = field(default_factory=list)

    def make(self, process: Process, operation: str, task: str | None, effect: Callable[[], T]) -> T:
        """Make a step of a process: its effect takes place once, twice or not at all.

        Raises
        ------
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            The step failed, or its answer was lost.
        Killed
            The process was stopped here, or before.
        """
        self.before(process)
        self._check(process)
        self.clock.advance(CALL_SECONDS)
        self.land(LATE_STEPS)

        def take_effect() -> T:
            self.actor = process
            return effect()

        match self._fault(process, operation, task):
            case Fault.REFUSED:
                raise _refused(operation)
            case Fault.LOST:
                _unheard(take_effect)
                self.clock.advance(LOST_SECONDS)
                raise ReadTimeoutError(endpoint_url="https://aws.test")
            case Fault.LATE:
                self._late.append((self.count, process, effect))
                self.clock.advance(LOST_SECONDS)
                raise ReadTimeoutError(endpoint_url="https://aws.test")
            case Fault.REPEATED:
                _unheard(take_effect)
            case Fault.REPEATED_LATE:
                self._late.append((self.count, process, effect))
            case Fault.KILLED_BEFORE:
                self._kill(process)
            case Fault.KILLED_AFTER:
                _unheard(take_effect)
                self._kill(process)
            case Fault.OVERTAKEN:
                self.overtake(process)
                self._check(process)
        return take_effect()

    def land(self, older_than: int = 0) -> bool:
        """Let late effects of so many steps ago take place; tell whether there were any."""
        due = [late for late in self._late if self.count - late[0] >= older_than]
        for late in due:
            self._late.remove(late)
            self.actor = late[1]
            _unheard(late[2])
        return bool(due)

    def _check(self, process: Process) -> None:
        if process.alive and process.is_over:
            self._kill(process)
        process.check()

    def _kill(self, process: Process) -> NoReturn:
        self.journal.add(Died(process.id))
        process.kill()

    def _fault(self, process: Process, operation: str, task: str | None) -> Fault | None:
        if self.over:
            return None
        self.count += 1
        call = Called(self.count, process.kind, operation, task)
        self.journal.add(call)
        fault = self.schedule.faults.get(self.count)
        if fault not in faults_of(call):  # a random schedule does not know what the step will be
            return None
        self.journal.add(Injected(call, fault, process.id))
        return fault


def _unheard(effect: Callable[[], object]) -> None:
    with suppress(Exception):
        effect()


def _refused(operation: str) -> ClientError:
    message = "the service is not available"
    return ClientError({"Error": {"Code": "ServiceUnavailable", "Message": message}}, operation)
