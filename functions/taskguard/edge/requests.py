"""Requests as API Gateway hands them over, and what clients submit: checked, every fault named at once."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from taskguard.kinds import Kinds
from taskguard.model import json_text
from taskguard.model.errors import Fault, InvalidJson, InvalidSubmission, TooLarge
from taskguard.model.json_text import Json
from taskguard.model.message import Submission
from taskguard.model.payload import checked_submission
from taskguard.model.record import TASK_ID_PATTERN, TASK_ID_RULE, is_task_id

MAX_BODY_BYTES: Final = 256 * 1024
"""Largest body of one submission."""

MAX_BATCH_TASKS: Final = 25
"""Most tasks in one batch."""

MAX_BATCH_BODY_BYTES: Final = 4 * 1024 * 1024
"""Largest body of a batch; Lambda itself takes 6 MB of request, in its own encoding."""

MAX_UNKNOWN_NAMED: Final = 50
"""Most unknown members named one by one; a batch of nothing else would not fit Lambda's 6 MB of answer."""

MAX_CALLER_CHARACTERS: Final = 640
"""What is kept of a caller's name: enough for IAM's longest ARN; a token's subject may be longer."""

_MEMBERS: Final = {"taskId", "kind", "payload"}


@dataclass(frozen=True, slots=True)
class Request:
    """What the functions use of a request.

    Parameters
    ----------
    route
        The key of the route that API Gateway chose: `POST /tasks`.
    task_id
        The path parameter `taskId`, decoded; empty on routes without.
    body
        The body as it was sent; None if it cannot be decoded.
    request_id
        API Gateway's id of the request, also in its access log.
    correlation_id
        The header `X-Correlation-Id` if it has the form of a task id, else the request id.
    caller
        Who API Gateway found to be calling: an IAM principal's ARN, or a token's subject (`sub`); None where
        anybody may call.
    """

    route: str
    task_id: str
    body: bytes | None
    request_id: str
    correlation_id: str
    caller: str | None

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Request":
        """Return the request of an event; header names arrive in lower case."""
        request_id: str = event["requestContext"]["requestId"]
        wanted = (event.get("headers") or {}).get("x-correlation-id", "")
        return cls(
            route=event["routeKey"],
            task_id=(event.get("pathParameters") or {}).get("taskId", ""),
            body=_body(event),
            request_id=request_id,
            correlation_id=wanted if TASK_ID_PATTERN.fullmatch(wanted) else request_id,
            caller=_caller(event["requestContext"].get("authorizer") or {}),
        )


def _caller(authorizer: Mapping[str, Any]) -> str | None:
    """Return the caller's name; which members there are depends on the route's authorizer.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    claims = (authorizer.get("jwt") or {}).get("claims") or {}
    name = (authorizer.get("iam") or {}).get("userArn") or claims.get("sub")
    return str(name)[:MAX_CALLER_CHARACTERS].encode("utf-8", "replace").decode() if name else None


def _body(event: Mapping[str, Any]) -> bytes | None:
    text: str = event.get("body") or ""
    try:
        return b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode("utf-8")
    except ValueError:  # broken base64, base64 in other than ASCII, half of a surrogate pair
        return None


def parse_submission(body: bytes | None, kinds: Kinds) -> Submission:
    """Return the submission of a body; raises `InvalidSubmission` or `TooLarge`."""
    return to_submission(_parse(body, MAX_BODY_BYTES), kinds)


def parse_batch(body: bytes | None) -> list[Json]:
    """Return the items of a batch, unchecked, 1 to 25; raises `InvalidSubmission` or `TooLarge`."""
    value = _parse(body, MAX_BATCH_BODY_BYTES)
    if not isinstance(value, dict):
        raise InvalidSubmission([Fault("", "must be a JSON object")])
    faults = _unknown(value, {"tasks"})
    tasks = value.get("tasks")
    if not isinstance(tasks, list) or not 1 <= len(tasks) <= MAX_BATCH_TASKS:
        faults.append(Fault("/tasks", f"must be a list of 1 to {MAX_BATCH_TASKS} tasks"))
    if faults or not isinstance(tasks, list):
        raise InvalidSubmission(faults)
    return tasks


def to_submission(value: Json, kinds: Kinds) -> Submission:
    """Return the submission of a JSON value; raises `InvalidSubmission` or `TooLarge`."""
    if not isinstance(value, dict):
        raise InvalidSubmission([Fault("", "must be a JSON object")])
    faults = _unknown(value, _MEMBERS)
    task_id = value.get("taskId")
    given_id = task_id if is_task_id(task_id) else None
    if "taskId" in value and given_id is None:
        faults.append(Fault("/taskId", TASK_ID_RULE))
    if "payload" not in value:
        faults.append(Fault("/payload", "is missing; any JSON value will do"))
        raise InvalidSubmission(faults)
    try:
        submission = checked_submission(kinds, value.get("kind", kinds.default), value["payload"], given_id)
    except InvalidSubmission as error:
        raise InvalidSubmission([*faults, *error.faults]) from error
    if faults:
        raise InvalidSubmission(faults)
    return submission


def _parse(body: bytes | None, limit: int) -> Json:
    if body is None:
        raise InvalidSubmission([Fault("", "cannot be decoded")])
    if len(body) > limit:
        raise TooLarge("body", limit)
    try:
        return json_text.parse(body)
    except InvalidJson as error:
        raise InvalidSubmission([Fault("", str(error))]) from error


def _unknown(value: dict[str, Json], known: set[str]) -> list[Fault]:
    names = sorted(value.keys() - known)
    faults = [Fault(f"/{_escape(name)}", "is not known") for name in names[:MAX_UNKNOWN_NAMED]]
    if more := names[MAX_UNKNOWN_NAMED:]:
        faults.append(Fault("", f"has {len(more)} more members that are not known"))
    return faults


def _escape(name: str) -> str:
    return name[:64].replace("~", "~0").replace("/", "~1")
