"""GET /tasks/{taskId} and GET /task/{taskId}: look up, answer."""

import os
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard import aws, task_id
from taskguard.http_api import json_response, new_resolver, problem_response
from taskguard.problem import Problem, not_found, problem_of
from taskguard.settings import GetSettings
from taskguard.store import TaskStore
from taskguard.telemetry import Event, Telemetry
from taskguard.view import task_view


@dataclass(frozen=True)
class Lookup:
    """The API's side of reading a task."""

    store: TaskStore
    telemetry: Telemetry

    def resolver(self) -> APIGatewayHttpResolver:
        """Return the routes."""
        routes = new_resolver(self._refuse)
        for path in ("/tasks/<wanted>", "/task/<wanted>"):
            routes.get(path)(self._by_id)
        return routes

    def _by_id(self, wanted: str) -> Response[str]:
        record = self.store.get(wanted) if task_id.is_valid(wanted) else None
        self.telemetry.report(Event.READ, taskId=wanted[:128], found=record is not None)
        if record is None:
            return problem_response(not_found(wanted))
        return json_response(HTTPStatus.OK, task_view(record))

    def _refuse(self, error: Exception) -> Problem:
        self.telemetry.report(Event.UNAVAILABLE, error=error)
        return problem_of(error)


def build(settings: GetSettings) -> Lookup:
    """Return the application with its client."""
    telemetry = Telemetry(settings.common.service, settings.common.namespace)
    return Lookup(TaskStore(aws.dynamodb(), settings.common.table), telemetry)


@cache
def application() -> Lookup:
    """Return the application of this execution environment, made at the first invocation."""
    return build(GetSettings.read(os.environ))


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request (HTTP API, payload format 2.0)."""
    app = application()
    app.telemetry.begin(context.aws_request_id)
    try:
        return app.resolver().resolve(event, context)
    finally:
        app.telemetry.flush()
