"""The fault injector: numbers the steps of a run and makes go wrong what the schedule says."""

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, NoReturn, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.proofs.simulation.history import FaultInjected, History, ProcessDied, Step
from tests.proofs.simulation.process import Kind, Process
from tests.proofs.simulation.refusals import refusal
from tests.proofs.simulation.schedule import OPTIONAL, REFUSALS, Fault, Schedule, faults_of
from tests.support.aws_in_process import MovableClock

T = TypeVar("T")

STEP_SECONDS: Final = 0.01
"""How long a step takes."""

LATE_STEPS: Final = 4
"""After how many further steps a late effect takes place; before any waiting, at the latest.

A request that the SDK gave up may still be on its way. It is assumed to arrive within seconds: long before
the message that it is about becomes visible again, after a visibility timeout of six seconds or more.
"""

_ANSWERED: Final = OPTIONAL | {Fault.REFUSED}
"""Faults that the caller hears of: an error comes back."""

LOST_SECONDS: Final = 9
"""How long the SDK waits for an answer that was lost: three tries and waits (`taskguard.storage.aws`)."""

SHORTLY_LOST_SECONDS: Final = 2
"""The same for clients of the last seconds: one try of 2 s (`SHORT_CONFIG`)."""


@dataclass
class FaultInjector:
    """Stands between every process and what it calls.

    Parameters
    ----------
    overtake
        Lets everybody else go on before the process's step.
    before
        Called before a step is numbered; waits there for the process's turn.
    stopped
        Set when the schedule is over: no step is numbered, and none fails, any more.
    actor
        The process whose step took effect last.
    optional
        Faults beyond the usual ones that the schedule may choose.
    """

    schedule: Schedule
    history: History
    clock: MovableClock
    overtake: Callable[[Process], None]
    before: Callable[[Process], None] = lambda _process: None
    count: int = 0
    stopped: bool = False
    actor: Process | None = None
    optional: Set[Fault] = frozenset()
    _standing: dict[tuple[str, str], Fault] = field(default_factory=dict)
    _late: list[tuple[int, Process, Callable[[], object]]] = field(default_factory=list)

    def step(
        self,
        process: Process,
        operation: str,
        task: str | None,
        effect: Callable[[], T],
        patience: float = LOST_SECONDS,
    ) -> T:
        """Take a step of a process: its effect takes place once, twice, later or not at all.

        Parameters
        ----------
        patience
            How many seconds the caller waits for an answer that is lost.

        Raises
        ------
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            The call failed, or its answer was lost.
        Killed
            The process was killed here, or before.
        """
        self.before(process)
        # Only now: while this process waited for its turn, its time may have run out.
        self._stop_if_over(process)
        self._spend(process, operation)
        self.clock.advance(STEP_SECONDS)
        self.apply_late_effects(LATE_STEPS)

        def take_effect() -> T:
            self.actor = process
            return effect()

        fault = self._fault(process, operation, task)
        if fault in _ANSWERED:
            raise _answer(fault, operation, take_effect)
        match fault:
            case Fault.LOST:
                _ignoring_answer(take_effect)
                self.clock.advance(patience)
                raise ReadTimeoutError(endpoint_url="https://aws.test")
            case Fault.LATE:
                self._late.append((self.count, process, effect))
                self.clock.advance(patience)
                raise ReadTimeoutError(endpoint_url="https://aws.test")
            case Fault.REPEATED:
                # The caller gets the second answer only, as from an SDK that repeats by itself. A
                # conditional write then fails on its own first effect.
                _ignoring_answer(take_effect)
            case Fault.REPEATED_LATE:
                self._late.append((self.count, process, effect))
            case Fault.KILLED_BEFORE:
                self._kill(process)
            case Fault.KILLED_AFTER:
                _ignoring_answer(take_effect)
                self._kill(process)
            case Fault.OVERTAKEN:
                self.overtake(process)
                self._stop_if_over(process)
        return take_effect()

    @contextmanager
    def refusing(self, kind: Kind, operation: str, fault: Fault) -> Iterator[None]:
        """Refuse every call of one kind of process by one name, as a role without that permission does.

        Independent of the schedule, whose own faults come first; the steps are numbered as always.
        """
        self._standing[kind, operation] = fault
        try:
            yield
        finally:
            del self._standing[kind, operation]

    def apply_late_effects(self, older_than: int = 0) -> bool:
        """Let the late effects of at least so many steps ago take place; return whether there were any."""
        due = [late for late in self._late if self.count - late[0] >= older_than]
        for late in due:
            # A late call of a function takes steps itself, before which others may have taken effect.
            if late in self._late:
                self._late.remove(late)
                self.actor = late[1]
                _ignoring_answer(late[2])
        return bool(due)

    def _spend(self, process: Process, operation: str) -> None:
        left = process.steps_left
        if operation in left:
            if not left[operation]:
                self._kill(process)
            left[operation] -= 1

    def _stop_if_over(self, process: Process) -> None:
        if process.alive and process.is_over:
            self._kill(process)
        process.check()

    def _kill(self, process: Process) -> NoReturn:
        self.history.add(ProcessDied(process.id))
        process.kill()

    def _fault(self, process: Process, operation: str, task: str | None) -> Fault | None:
        if self.stopped:
            return None
        self.count += 1
        step = Step(self.count, process.kind, operation, task)
        self.history.add(step)
        fault = self.schedule.faults.get(self.count)
        # A random schedule cannot know what its steps will be, nor can one whose first fault changes the
        # steps behind it: a fault that makes no sense here does not happen.
        if fault not in faults_of(step, self.optional):
            fault = self._standing.get((process.kind, operation)) if self._standing else None
        if fault:
            self.history.add(FaultInjected(step, fault, process.id))
        return fault


def _ignoring_answer(effect: Callable[[], object]) -> None:
    with suppress(Exception):
        effect()


def _answer(fault: Fault, operation: str, effect: Callable[[], object]) -> ClientError:
    if fault in REFUSALS:
        return refusal(fault, operation)
    if fault is Fault.THROTTLED:
        # The poller received the messages, and Lambda did not take them: they stay hidden.
        _ignoring_answer(effect)
        return _error("TooManyRequestsException", "Rate exceeded", "Invoke")
    return _error("ServiceUnavailable", "the service is not available", operation)


def _error(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
