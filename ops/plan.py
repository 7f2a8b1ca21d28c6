"""What a run submits, and under which names."""

from dataclasses import dataclass

from ops.api_auth import ApiAuth
from ops.errors import UsageError
from ops.runs import task_ids


@dataclass(frozen=True)
class Plan:
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
    auth: ApiAuth = ApiAuth.NONE
    token: str | None = None

    def __post_init__(self) -> None:
        """Refuse a run's name that cannot begin a task id, and a token that is missing or of no use."""
        self.task_ids()
        checked_token(self.auth, self.token)

    def task_ids(self) -> list[str]:
        """Return the tasks' ids, in order."""
        return task_ids(self.run, self.tasks)


def checked_token(kind: ApiAuth, token: str | None) -> str | None:
    """Return the token, if one is needed.

    Raises
    ------
    UsageError
        `jwt` without a token, or a token without `jwt`.
    """
    if (kind is ApiAuth.JWT) != bool(token):
        raise UsageError("--auth jwt and --token (or TASKGUARD_TOKEN) belong together: give both or neither.")
    return token
