"""What your work is given and what it may raise: import it from here."""

import contextvars
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.json_text import Json

__all__ = ["Context", "Json", "Perform", "PermanentError", "RetryAfter"]

Submit = Callable[[str, Json, str], str]
"""Submits a task of a kind, with a payload and a key, and returns its id."""


def _submits_nothing(_kind: str, _payload: Json, _key: str) -> str:
    raise PermanentError("this attempt runs where no task can be submitted")


@dataclass(frozen=True, slots=True)
class Context:
    """One attempt at one task.

    Parameters
    ----------
    kind
        The name that the task's kind has today.
    attempt
        Number of this attempt over the task's whole life, from 1; redrives continue the count.
    generation
        1, and one more for each redrive.
    deadline
        When the attempt is cut off if it is still running: it then fails as `TimedOut`.
    request_id
        Lambda's request id; the same for all tasks of a batch.
    """

    task_id: str
    kind: str
    attempt: int
    generation: int
    created_at: datetime
    deadline: datetime
    request_id: str = ""
    _submit: Submit = field(default=_submits_nothing, repr=False, compare=False)

    def submit(self, kind: str, payload: Json, key: str = "") -> str:
        """Submit another task, a child of this one, and return its id.

        The id follows from this task, the kind, the payload and the key: an attempt that is made again
        submits the same child, once. Its record names this task as its parent.

        Parameters
        ----------
        key
            Tells children of the same kind and payload from each other.

        Raises
        ------
        taskguard.model.errors.InvalidSubmission
            The kind is not known, or the payload does not fit it.
        taskguard.model.errors.NotSubmitted
            AWS failed; let it fail the attempt, and the next one submits the child.
        """
        # In a context of its own, so that the child's log lines do not carry this attempt's facts.
        return contextvars.Context().run(self._submit, kind, payload, key)


Perform = Callable[[Json, Context], Json]
"""Does a task's work: takes its payload, returns a JSON value of at most 64 KiB, or raises."""
