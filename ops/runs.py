"""Names: of a run, and of the tasks in it. Pure."""

from datetime import UTC, datetime

from ops.errors import UsageError
from taskguard.task_id import is_valid


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
    if not run or not all(map(is_valid, ids)):
        raise UsageError(
            f"--run {run!r} cannot begin a task id: expected up to 120 letters, digits and . _ : -"
        )
    return ids
