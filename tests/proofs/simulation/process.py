"""A process that calls AWS and can be killed at any of its calls: an invocation, the tool, the poller."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NoReturn

from taskguard.model.clock import Clock


class Killed(BaseException):
    """Raised where a process was killed.

    Not an `Exception`: no `except Exception` of the product may catch it, as none could on AWS.
    """


class Kind(StrEnum):
    """What kind of process it is."""

    SUBMIT = "submit_task"
    PROCESS = "process_task"
    MONITOR = "monitor_dlq"
    OPERATOR = "operator"
    POLLER = "poller"
    CLIENT = "client"


@dataclass(eq=False)
class Process:
    """One run of a program.

    Parameters
    ----------
    deadline
        When Lambda kills it; None if it may run for ever.
    actor
        On whose turns it moves while several actors do (`scheduler`); None while only one does.
    """

    id: int
    kind: Kind
    clock: Clock
    deadline: datetime | None = None
    alive: bool = True
    actor: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether the deadline has come."""
        return self.deadline is not None and self.clock() >= self.deadline

    def check(self) -> None:
        """Raise `Killed` if the process is dead."""
        if not self.alive:
            raise Killed

    def kill(self) -> NoReturn:
        """Kill the process here: nothing that it would do from now on happens."""
        self.alive = False
        raise Killed
