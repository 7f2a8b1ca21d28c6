"""What the functions behind the HTTP API share: requests in, JSON and problems out.

API Gateway has chosen the route by the time a function is called; its key leads straight to the code. (The
event handler of Powertools would choose again, and cost a fifth of the cold start: docs/decisions, 17.)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard.edge.requests import Request
from taskguard.edge.telemetry import Telemetry
from taskguard.model import json_text
from taskguard.model.json_text import Json

RETRY_AFTER_SECONDS = 5
"""Asked of clients after a 503."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that says why not; `more` holds members beyond RFC 9457's own."""

    status: HTTPStatus
    name: str
    detail: str
    more: dict[str, Json] = field(default_factory=dict)

    def body(self) -> dict[str, Json]:
        """Return the problem as JSON."""
        return {
            "type": f"urn:taskguard:problem:{self.name}",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            **self.more,
        }

    def headers(self) -> dict[str, str]:
        """Return the headers that go with it."""
        if self.status is HTTPStatus.SERVICE_UNAVAILABLE:
            return {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return {}


def not_found(task_id: str) -> Problem:
    """Return the answer for an id without a record."""
    return Problem(HTTPStatus.NOT_FOUND, "unknown-task", f"there is no task {task_id[:128]!r}")


NO_ROUTE = Problem(HTTPStatus.NOT_FOUND, "unknown-route", "there is nothing at this path")
"""The answer for a path that the API does not have."""


def unavailable(detail: str, **more: Json) -> Problem:
    """Return the answer for what AWS does not let us do now."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", detail, more)


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer."""

    status: HTTPStatus
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def response(self) -> dict[str, Any]:
        """Return the answer as API Gateway takes it (payload format 2.0)."""
        return {
            "statusCode": self.status.value,
            "headers": {"Content-Type": self.content_type, **self.headers},
            "body": json_text.ascii_text(self.body),
            "isBase64Encoded": False,
        }


def respond(
    event: Mapping[str, Any],
    context: LambdaContext,
    telemetry: Telemetry,
    answer: Callable[[Request], Answer],
) -> dict[str, Any]:
    """Answer an event of the HTTP API and return the response; `answer` raises for bugs alone."""
    request = Request.of(event)
    with telemetry.invocation(context.aws_request_id, request.caller):
        return answer(request).response()


def problem_answer(problem: Problem) -> Answer:
    """Return a problem as the answer."""
    return Answer(problem.status, problem.body(), problem.headers(), "application/problem+json")
