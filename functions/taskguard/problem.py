"""Errors of the API as problem details (RFC 9457)."""

from dataclasses import dataclass, field
from http import HTTPStatus

from taskguard.json_text import Json

RETRY_AFTER_SECONDS = 5
"""Asked of clients after a 503."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that is no success; ``more`` are members beyond RFC 9457's own."""

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
