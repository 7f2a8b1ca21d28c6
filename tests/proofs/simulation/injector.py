"""The fault injector: numbers the steps of a run and makes go wrong what the schedule says."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, NoReturn, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.proofs.simulation.history import FaultInjected, History, ProcessDied, Step
from tests.proofs.simulation.process import Process
from tests.proofs.simulation.schedule import Fault, Schedule, faults_of
from tests.support.aws_in_process import MovableClock

T = TypeVar("T")

STEP_SECONDS: Final = 0.01
"""How long a step takes."""

LATE_STEPS: Final = 4
"""After how many further steps a late effect takes place; before any waiting, at the latest.

A request that the SDK gave up may still be on its way. It is assumed to arrive within seconds: long before
the message that it is about becomes visible again, after a visibility timeout of six seconds or more.
"""

LOST_SECONDS: Final = 9
"""How long the SDK waits for an answer that was lost: three tries of 3 s (`taskguard.storage.aws`)."""


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
    """

    schedule: Schedule
    history: History
    clock: MovableClock
    overtake: Callable[[Process], None]
    before: Callable[[Process], None] = lambda _process: None
    count: int = 0
    stopped: bool = False
    actor: Process | None = None
    _late: list[tuple[int, Process, Callable[[], object]]] = field(default_factory=list)

    def step(self, process: Process, operation: str, task: str | None, effect: Callable[[], T]) -> T:
        """Take a step of a process: its effect takes place once, twice, later or not at all.

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
        self.clock.advance(STEP_SECONDS)
        self.apply_late_effects(LATE_STEPS)

        def take_effect() -> T:
            self.actor = process
            return effect()

        match self._scheduled_fault(process, operation, task):
            case Fault.REFUSED:
                raise _refused(operation)
            case Fault.LOST:
                _ignoring_answer(take_effect)
                self.clock.advance(LOST_SECONDS)
                raise ReadTimeoutError(endpoint_url="https://aws.test")
            case Fault.LATE:
                self._late.append((self.count, process, effect))
                self.clock.advance(LOST_SECONDS)
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

    def apply_late_effects(self, older_than: int = 0) -> bool:
        """Let the late effects of at least so many steps ago take place; return whether there were any."""
        due = [late for late in self._late if self.count - late[0] >= older_than]
        for late in due:
            self._late.remove(late)
            self.actor = late[1]
            _ignoring_answer(late[2])
        return bool(due)

    def _stop_if_over(self, process: Process) -> None:
        if process.alive and process.is_over:
            self._kill(process)
        process.check()

    def _kill(self, process: Process) -> NoReturn:
        self.history.add(ProcessDied(process.id))
        process.kill()

    def _scheduled_fault(self, process: Process, operation: str, task: str | None) -> Fault | None:
        if self.stopped:
            return None
        self.count += 1
        step = Step(self.count, process.kind, operation, task)
        self.history.add(step)
        fault = self.schedule.faults.get(self.count)
        # A random schedule cannot know what its steps will be, nor can one whose first fault changes the
        # steps behind it: a fault that makes no sense here does not happen.
        if fault not in faults_of(step):
            return None
        self.history.add(FaultInjected(step, fault, process.id))
        return fault


def _ignoring_answer(effect: Callable[[], object]) -> None:
    with suppress(Exception):
        effect()


def _refused(operation: str) -> ClientError:
    message = "the service is not available"
    return ClientError({"Error": {"Code": "ServiceUnavailable", "Message": message}}, operation)
