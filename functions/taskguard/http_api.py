"""What the functions behind the HTTP API share: bodies in, JSON and problems out."""

import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard import json_text
from taskguard.json_text import Json
from taskguard.problem import ANSWERED, NO_ROUTE, Problem
from taskguard.submission import Fault, InvalidSubmission
from taskguard.submitting import Origin
from taskguard.telemetry import Telemetry

_CORRELATION_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)


@dataclass(frozen=True)
class HttpHandler:
    """Answers HTTP API events (payload format 2.0) through a resolver's routes."""

    routes: APIGatewayHttpResolver
    telemetry: Telemetry

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer one request."""
        self.telemetry.begin(context.aws_request_id)
        try:
            return self.routes.resolve(event, context)
        finally:
            self.telemetry.flush()


def new_resolver(refuse: Callable[[Exception], Problem]) -> APIGatewayHttpResolver:
    """Return a resolver that answers the errors out of ``ANSWERED``; any other is a bug and raises."""
    resolver = APIGatewayHttpResolver()
    resolver.exception_handler(list(ANSWERED))(lambda error: problem_response(refuse(error)))
    resolver.not_found(lambda _error: problem_response(NO_ROUTE))
    return resolver


def body_bytes(event: APIGatewayProxyEventV2) -> bytes:
    """Return the request's body as it was sent; raises ``InvalidSubmission`` if it cannot be decoded."""
    body = event.body or ""
    try:
        return b64decode(body, validate=True) if event.is_base64_encoded else body.encode("utf-8")
    except ValueError as error:  # broken base64, base64 in other than ASCII, half of a surrogate pair
        raise InvalidSubmission([Fault("", "cannot be decoded")]) from error


def origin_of(event: APIGatewayProxyEventV2) -> Origin:
    """Return where a request comes from: its id, and ``X-Correlation-Id`` if that is usable."""
    request_id = event.request_context.request_id
    wanted = event.headers.get("x-correlation-id", "")
    return Origin(request_id, wanted if _CORRELATION_ID.fullmatch(wanted) else request_id)


def json_response(status: HTTPStatus, body: Json, headers: dict[str, str] | None = None) -> Response[str]:
    """Return a JSON answer."""
    return Response(
        status_code=status.value,
        content_type="application/json",
        body=json_text.ascii_text(body),
        headers=dict(headers or {}),
    )


def problem_response(problem: Problem) -> Response[str]:
    """Return a problem as the answer."""
    return Response(
        status_code=problem.status.value,
        content_type="application/problem+json",
        body=json_text.ascii_text(problem.body()),
        headers=dict(problem.headers()),
    )
