"""A request as API Gateway hands it to a function (HTTP API, payload format 2.0)."""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_CORRELATION_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Request:
    """What the functions use of a request.

    Parameters
    ----------
    route
        The key of the route that API Gateway chose: ``POST /tasks``.
    task_id
        The path parameter ``taskId``, decoded; empty on routes without.
    body
        The body as it was sent; None if it cannot be decoded.
    request_id
        API Gateway's id of the request, also in its access log.
    correlation_id
        The header ``X-Correlation-Id`` if it has the form of a task id, else the request id.
    """

    route: str
    task_id: str
    body: bytes | None
    request_id: str
    correlation_id: str

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
            correlation_id=wanted if _CORRELATION_ID.fullmatch(wanted) else request_id,
        )


def _body(event: Mapping[str, Any]) -> bytes | None:
    text: str = event.get("body") or ""
    try:
        return b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode("utf-8")
    except ValueError:  # broken base64, base64 in other than ASCII, half of a surrogate pair
        return None
