"""Your own work goes here, and nothing else needs to be touched."""

import hashlib

from taskguard.model import json_text
from taskguard.model.json_text import Json
from taskguard.work import Task, WorkContext


def perform(task: Task, context: WorkContext) -> Json:
    """Do the work of one task.

    It may run more than once for the same task (an attempt may fail, or its worker may be stopped before
    it could report), never after it was recorded as completed: make its effects safe to repeat, for
    example by using `task.task_id` as the idempotency key of what it calls.

    Parameters
    ----------
    task
        Id, payload and number of the attempt.
    context
        The invocation; `context.deadline` is when an attempt that is still running is cut off.

    Returns
    -------
    Json
        Any JSON value of at most 64 KiB; the record and `GET /tasks/{taskId}` show it as `result`.

    Raises
    ------
    taskguard.model.errors.RetryAfter
        To be called later, after a wait of your choice; that is no failure and uses up no attempt.
    taskguard.model.errors.PermanentError
        To be dead-lettered at once.
    Exception
        Any other error: tried again with growing waits, dead-lettered after the last attempt.
    """
    del context  # this example needs no time limit
    text = json_text.compact(task.payload).encode()
    return {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
