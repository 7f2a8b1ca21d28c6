"""What a check submits, and under which names."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from ops.errors import UsageError
from taskguard.model.record import is_task_id

FOR_GOOD = 100
"""More failing attempts than any policy allows."""


class AuthMode(StrEnum):
    """How the API authorizes its callers: the stack's setting `taskguard:apiAuth`."""

    NONE = "none"
    IAM = "iam"
    JWT = "jwt"


def name_of(moment: datetime) -> str:
    """Name a run after the second in which it starts, in UTC: `run-20261121-235501`."""
    return f"run-{moment.astimezone(UTC):%Y%m%d-%H%M%S}"


def task_ids(run: str, count: int) -> list[str]:
    """Return the ids of a run's tasks: numbered from 0, all of one width, at least two digits.

    With one width, a tenth of the ids ends in any given digit: of 30 tasks, three end in 3.

    Raises
    ------
    UsageError
        A task id cannot begin with the run's name.
    """
    width = max(2, len(str(count - 1)))
    ids = [f"{run}-{number:0{width}}" for number in range(count)]
    if not run or not all(map(is_task_id, ids)):
        raise UsageError(
            f"--run {run!r} cannot begin a task id: expected up to 120 letters, digits and . _ : -"
        )
    return ids


@dataclass(frozen=True)
class CheckPlan:
    """What to submit, and how.

    Attributes
    ----------
    run
        The run's name, with which the ids of its tasks begin.
    tasks
        How many, 1 or more.
    timeout
        Seconds to wait for tasks to settle after the last submission.
    clients
        How many tasks are submitted at a time, 1 or more.
    auth, token
        How the API authorizes its callers; a token goes with `jwt` alone.
    fail
        Whether some tasks are to fail on purpose, also where the stack simulates no failures.
    """

    run: str
    tasks: int = 30
    timeout: float = 300.0
    clients: int = 8
    auth: AuthMode = AuthMode.NONE
    token: str | None = None
    fail: bool = False

    def __post_init__(self) -> None:
        """Refuse a name that no task id can begin with, and a token that is missing or out of place."""
        self.task_ids()
        checked_token(self.auth, self.token)

    def task_ids(self) -> list[str]:
        """Return the ids of the tasks, in order."""
        return task_ids(self.run, self.tasks)

    def payload(self, task_id: str) -> dict[str, Any]:
        """Return what a task carries, for the built-in kind `probe`."""
        attempts = {"3": FOR_GOOD, "7": 1}.get(task_id[-1]) if self.fail else None
        return {"run": self.run, "task": task_id} | ({"failAttempts": attempts} if attempts else {})


def checked_token(kind: AuthMode, token: str | None) -> str | None:
    """Return the token if the API wants one.

    Raises
    ------
    UsageError
        `jwt` without a token, or a token without `jwt`.
    """
    if (kind is AuthMode.JWT) != bool(token):
        raise UsageError("--auth jwt and --token (or TASKGUARD_TOKEN) belong together: give both or neither.")
    return token
