"""Why a submission is not taken, as the API's answer."""

from http import HTTPStatus

from taskguard.errors import TaskGuardError
from taskguard.problem import Problem, unavailable
from taskguard.submission import InvalidSubmission, TooLarge
from taskguard.submitting import Conflict, NotSubmitted


def refusal(error: TaskGuardError) -> Problem:
    """Return the answer for an error; raises one that has none, which is a bug."""
    match error:
        case InvalidSubmission():
            faults = [{"pointer": fault.pointer, "detail": fault.detail} for fault in error.faults]
            return Problem(
                HTTPStatus.BAD_REQUEST, "invalid-submission", "the body is no task", {"errors": faults}
            )
        case TooLarge():
            return Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", str(error), {"limitBytes": error.limit}
            )
        case Conflict():
            return Problem(HTTPStatus.CONFLICT, "conflict", str(error), {"taskId": error.task_id})
        case NotSubmitted():
            return unavailable(str(error), taskId=error.task_id)
        case _:
            raise error
