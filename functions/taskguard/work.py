"""What your work is given and what it may raise: import it from here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.json_text import Json

__all__ = ["Json", "Perform", "PermanentError", "RetryAfter", "Task", "WorkContext"]


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt at one task.

    Parameters
    ----------
    attempt
        Number of this attempt over the task's whole life, from 1; redrives continue the count.
    generation
        1, and one more for each redrive.
    """

    task_id: str
    payload: Json
    attempt: int
    generation: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WorkContext:
    """The invocation that an attempt runs in.

    Parameters
    ----------
    request_id
        Lambda's request id; the same for all tasks of a batch.
    deadline
        When an attempt that is still running is cut off: it fails as `TimedOut`, a little before Lambda would
        stop the invocation.
    """

    request_id: str
    deadline: datetime


Perform = Callable[[Task, WorkContext], Json]
"""Does a task's work: returns a JSON value of at most 64 KiB, or raises."""
