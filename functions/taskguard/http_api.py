"""What the functions behind the HTTP API share: requests in, JSON and problems out.

API Gateway has chosen the route by the time a function is called; its key leads straight to the code. (The
event handler of Powertools would choose again, and cost a fifth of the cold start: README, decisions.)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard import json_text
from taskguard.errors import TaskGuardError
from taskguard.json_text import Json
from taskguard.problem import NO_ROUTE, Problem
from taskguard.request import Request
from taskguard.telemetry import Telemetry


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


Route: TypeAlias = Callable[[Request], Answer]
"""Answers the requests of one route; may raise any error that the handler's ``refuse`` has an answer for."""


@dataclass(frozen=True)
class HttpHandler:
    """Answers HTTP API events.

    Parameters
    ----------
    routes
        By route key, as the API has them: ``POST /tasks``.
    refuse
        Makes a problem of an error; raises one that it has no answer for, which is a bug.
    """

    routes: Mapping[str, Route]
    refuse: Callable[[TaskGuardError], Problem]
    telemetry: Telemetry

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer one request."""
        self.telemetry.begin(context.aws_request_id)
        try:
            return self._answer(Request.of(event)).response()
        finally:
            self.telemetry.flush()

    def _answer(self, request: Request) -> Answer:
        route = self.routes.get(request.route)
        if route is None:
            return problem_answer(NO_ROUTE)
        try:
            return route(request)
        except TaskGuardError as error:
            return problem_answer(self.refuse(error))


def problem_answer(problem: Problem) -> Answer:
    """Return a problem as the answer."""
    return Answer(problem.status, problem.body(), problem.headers(), "application/problem+json")
