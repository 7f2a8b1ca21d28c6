"""A process that calls AWS and can be killed at any of its calls: an invocation, the tool, the poller."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NoReturn

from taskguard.kinds import DEFAULT_LANE
from tests.proofs.simulation.program import PLAIN, Program
from tests.support.aws_in_process import MovableClock

if TYPE_CHECKING:
    from tests.proofs.simulation.pools import HangingCall


class Killed(BaseException):
    """Raised where a process was killed.

    Not an `Exception`: no `except Exception` of the product may catch it, as none could on AWS.
    """


class Kind(StrEnum):
    """What kind of process it is."""

    SUBMIT = "submit_task"
    PROCESS = "process_task"
    MONITOR = "monitor_dlq"
    WAKER = "wake_tasks"
    OPERATOR = "operator"
    POLLER = "poller"
    CLIENT = "client"
    SCHEDULER = "scheduler"


@dataclass(eq=False)
class Process:
    """One run of a program.

    Parameters
    ----------
    deadline
        When Lambda kills it; None if it may run for ever.
    actor
        On whose turns it moves while several actors do (`scheduler`); None while only one does.
    steps_left
        How many steps of an operation it still takes, by the operation's name; it is killed before the next.
    hanging
        Its threads whose work hangs.
    program
        Of what was deployed when it started.
    lane
        The lane that it works for, if it is a `process_task`.
    """

    id: int
    kind: Kind
    clock: MovableClock
    deadline: datetime | None = None
    alive: bool = True
    actor: int | None = None
    steps_left: dict[str, int] = field(default_factory=dict)
    hanging: list["HangingCall"] = field(default_factory=list)
    program: Program = PLAIN
    lane: str = DEFAULT_LANE

    @property
    def is_over(self) -> bool:
        """Whether the deadline has come."""
        return self.deadline is not None and self.clock() >= self.deadline

    def check(self) -> None:
        """Raise `Killed` if the process is dead."""
        if not self.alive:
            raise Killed

    def wait_until(self, before_deadline: timedelta) -> None:
        """Let simulated time pass until so long before the deadline."""
        if self.deadline:
            self.clock.now = max(self.clock.now, self.deadline - before_deadline)

    def end_threads(self) -> None:
        """End the threads that hang: nothing that they would do happens any more."""
        while self.hanging:
            self.hanging.pop().release()

    def kill(self) -> NoReturn:
        """Kill the process here: nothing that it would do from now on happens."""
        self.alive = False
        raise Killed
