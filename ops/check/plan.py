"""What a run submits, and under which names."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from ops.errors import UsageError
from taskguard.model.record import is_task_id


class AuthMode(StrEnum):
    """The stack's `taskguard:apiAuth`."""

    NONE = "none"
    IAM = "iam"
    JWT = "jwt"


def name_of(moment: datetime) -> str:
    """Make a run's name from the time, to the second, in UTC: `run-20261121-235501`."""
    return f"run-{moment.astimezone(UTC):%Y%m%d-%H%M%S}"


def task_ids(run: str, count: int) -> list[str]:
    """Make the ids of a run's tasks: numbered from 0, in one width of two digits or more.

    Equal width makes one in ten end in any given digit: of 30 tasks, three end in 3.

    Raises
    ------
    UsageError
        The run's name cannot begin a task id.
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
        The run's name, with which the tasks' ids begin.
    tasks
        How many, from 1.
    timeout
        Seconds to wait for tasks to settle after the last submission.
    clients
        How many tasks are submitted at a time, from 1.
    auth, token
        How the API wants its callers authorized.
    """

    run: str
    tasks: int = 30
    timeout: float = 300.0
    clients: int = 8
    auth: AuthMode = AuthMode.NONE
    token: str | None = None

    def __post_init__(self) -> None:
        """Refuse a run's name that cannot begin a task id, and a token that is missing or of no use."""
        self.task_ids()
        checked_token(self.auth, self.token)

    def task_ids(self) -> list[str]:
        """Return the tasks' ids, in order."""
        return task_ids(self.run, self.tasks)


def checked_token(kind: AuthMode, token: str | None) -> str | None:
    """Return the token, if one is needed.

    Raises
    ------
    UsageError
        `jwt` without a token, or a token without `jwt`.
    """
    if (kind is AuthMode.JWT) != bool(token):
        raise UsageError("--auth jwt and --token (or TASKGUARD_TOKEN) belong together: give both or neither.")
    return token
