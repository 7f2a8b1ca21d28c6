"""What the functions behind the HTTP API share: bodies in, JSON and problems out.

API Gateway has chosen the route by the time a function is called; its key leads straight to the code. (The
event handler of Powertools would choose again, and cost a fifth of the cold start: README, decisions.)
"""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard import json_text
from taskguard.json_text import Json
from taskguard.problem import ANSWERED, NO_ROUTE, Problem
from taskguard.submission import Fault, InvalidSubmission
from taskguard.submitting import Origin
from taskguard.telemetry import Telemetry

_CORRELATION_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)


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


Route: TypeAlias = Callable[[APIGatewayProxyEventV2], Answer]
"""Answers the requests of one route; may raise any error out of ``problem.ANSWERED``."""


@dataclass(frozen=True)
class HttpHandler:
    """Answers HTTP API events (payload format 2.0).

    Parameters
    ----------
    routes
        By route key, as the API has them: ``POST /tasks``.
    refuse
        Makes a problem of an error out of ``problem.ANSWERED``; any other error is a bug and raises.
    """

    routes: Mapping[str, Route]
    refuse: Callable[[Exception], Problem]
    telemetry: Telemetry

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer one request."""
        self.telemetry.begin(context.aws_request_id)
        try:
            return self._answer(APIGatewayProxyEventV2(event)).response()
        finally:
            self.telemetry.flush()

    def _answer(self, request: APIGatewayProxyEventV2) -> Answer:
        route = self.routes.get(request.route_key)
        if route is None:
            return problem_answer(NO_ROUTE)
        try:
            return route(request)
        except ANSWERED as error:
            return problem_answer(self.refuse(error))


def problem_answer(problem: Problem) -> Answer:
    """Return a problem as the answer."""
    return Answer(problem.status, problem.body(), problem.headers(), "application/problem+json")


def body_bytes(request: APIGatewayProxyEventV2) -> bytes:
    """Return the request's body as it was sent; raises ``InvalidSubmission`` if it cannot be decoded."""
    body = request.body or ""
    try:
        return b64decode(body, validate=True) if request.is_base64_encoded else body.encode("utf-8")
    except ValueError as error:  # broken base64, base64 in other than ASCII, half of a surrogate pair
        raise InvalidSubmission([Fault("", "cannot be decoded")]) from error


def origin_of(request: APIGatewayProxyEventV2) -> Origin:
    """Return where a request comes from: its id, and ``X-Correlation-Id`` if that is usable."""
    request_id = request.request_context.request_id
    wanted = request.headers.get("x-correlation-id", "")
    return Origin(request_id, wanted if _CORRELATION_ID.fullmatch(wanted) else request_id)
