"""Errors that carry facts as attributes. Code in ``process_task/work.py`` raises the first two."""


class TaskGuardError(Exception):
    """Base of every error that TaskGuard raises itself."""


class PermanentError(TaskGuardError):
    """Raised by work that can never succeed: the task goes to the dead-letter queue without another try."""


class RetryAfter(TaskGuardError):
    """Raised by work that knows when to try again.

    Parameters
    ----------
    seconds
        Wait before the next attempt, 0 to 42,300 (SQS's 12 hours less the attempt's time); cut to that range.
        It replaces the backoff's wait, not the limit on attempts.
    reason
        Kept in the record as the attempt's error.
    """

    def __init__(self, seconds: float, reason: str = "asked to be tried later") -> None:
        super().__init__(reason)
        self.seconds = seconds


class SimulatedFailure(TaskGuardError):
    """A failure made by the simulation settings, not by work."""


class InvalidJson(TaskGuardError):
    """A text that is not strict JSON, with the reason fit to show its author."""


class UnreadableMessage(TaskGuardError):
    """A queue message whose body is no task."""


class Unavailable(TaskGuardError):
    """An AWS call that failed or whose answer was lost; whether it took effect is unknown.

    Parameters
    ----------
    operation
        The API operation, such as ``PutItem``.
    code
        AWS's error code, or the name of the transport's error.
    """

    def __init__(self, operation: str, code: str) -> None:
        super().__init__(f"{operation}: {code}")
        self.operation = operation
        self.code = code


class InvalidEnvironment(TaskGuardError):
    """A function's environment that lacks a key or holds a bad value; names every problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
