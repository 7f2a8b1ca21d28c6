"""Every error that TaskGuard raises, with its facts as attributes."""

from dataclasses import dataclass


class TaskGuardError(Exception):
    """Base of every error that TaskGuard raises itself."""


# Raised by your work.


class PermanentError(TaskGuardError):
    """Raised by work that can never succeed: the task is dead-lettered without another attempt."""


class RetryAfter(TaskGuardError):
    """Raised by work that is to be called later, such as after a "429 Too Many Requests".

    That is no failure: the attempt is postponed and does not count against `maxAttempts`. Only the task's
    deadline (`taskDeadlineDays`) ends it.

    Parameters
    ----------
    seconds
        Wait before the next attempt, at least 1 (less is taken as 1), up to the deadline.
    reason
        Kept in the record as the attempt's error.
    """

    def __init__(self, seconds: float, reason: str = "asked to be called later") -> None:
        super().__init__(reason)
        self.seconds = seconds


class KindUnavailable(RetryAfter):
    """A kind of task that this function cannot do: it does not know the kind, or cannot import its work.

    The task waits for a deployment that mends it: no attempt is used up, and its deadline ends it.
    """


class InvalidPayload(PermanentError):
    """A payload that does not fit its kind, of a task that did not come through the API."""


class TimedOut(TaskGuardError):
    """An attempt that was still running when its time was over, its kind's or the invocation's."""


class SimulatedFailure(TaskGuardError):
    """A failure that the simulation settings asked for."""


# Raised for what arrives.


class InvalidJson(TaskGuardError):
    """A text that is not strict JSON; the message says why and may be shown to whoever sent it."""


class UnreadableMessage(TaskGuardError):
    """A queue message that does not describe a task."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a body.

    Parameters
    ----------
    pointer
        Where it is (JSON Pointer, RFC 6901); empty for the body as a whole.
    detail
        What is wrong, continuing the sentence "taskId ...".
    """

    pointer: str
    detail: str


class InvalidSubmission(TaskGuardError):
    """A body that does not describe a task; `faults` holds everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer or 'body'} {fault.detail}" for fault in faults))
        self.faults = faults


class TooLarge(TaskGuardError):
    """A body or payload over its limit, given in bytes."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"the {what} is larger than {limit} bytes")
        self.limit = limit


class Conflict(TaskGuardError):
    """The id belongs to a task of another kind or with another payload."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"task {task_id} exists with another kind or payload")
        self.task_id = task_id


class NotSubmitted(TaskGuardError):
    """AWS failed in the middle of a submit; repeating it with the same id completes what was half done."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"task {task_id} could not be submitted now; repeat it with the same taskId")
        self.task_id = task_id


# Raised by what TaskGuard runs on.


class AwsError(TaskGuardError):
    """An AWS call that failed; whether it took effect is unknown.

    Parameters
    ----------
    operation
        The API operation, such as `PutItem`.
    code
        AWS's error code, or the name of the transport's error.
    """

    def __init__(self, operation: str, code: str) -> None:
        super().__init__(f"{operation}: {code}")
        self.operation = operation
        self.code = code


class Unavailable(AwsError):
    """AWS could not be reached, was throttled or failed: the same call may succeed later."""


class AwsRefused(AwsError):
    """AWS refused the call, and will refuse it again until somebody changes something.

    No permission, a table, queue or key that is gone, a value or an item that is too large.
    """


class MessageGone(AwsError):
    """A received message cannot be hidden: it expired, was purged, or belongs to a newer receive."""


class CutOff(BaseException):
    """Ends a thread whose attempt was reported as timed out; nothing of ours catches it."""


class InvalidEnvironment(TaskGuardError):
    """A function's environment lacks keys or holds bad values; `problems` names all of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
