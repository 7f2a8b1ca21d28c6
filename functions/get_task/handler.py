"""GET /tasks/{taskId} and GET /task/{taskId}: look up, answer."""

import os
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard import aws, task_id
from taskguard.http_api import HttpHandler, json_response, new_resolver, problem_response
from taskguard.problem import Problem, not_found, problem_of
from taskguard.settings import GetSettings
from taskguard.store import TaskStore
from taskguard.telemetry import Event, Telemetry
from taskguard.view import task_view


class GetApi:
    """The API's side of reading a task."""

    def __init__(self, store: TaskStore, telemetry: Telemetry) -> None:
        self._store = store
        self._telemetry = telemetry
        self.routes = new_resolver(self._refuse)
        self.routes.get("/tasks/<wanted>")(self._by_id)
        self.routes.get("/task/<wanted>")(self._by_id)

    def _by_id(self, wanted: str) -> Response[str]:
        record = self._store.get(wanted) if task_id.is_valid(wanted) else None
        self._telemetry.report(Event.READ, taskId=wanted[:128], found=record is not None)
        if record is None:
            return problem_response(not_found(wanted))
        return json_response(HTTPStatus.OK, task_view(record))

    def _refuse(self, error: Exception) -> Problem:
        self._telemetry.report(Event.UNAVAILABLE, error=error)
        return problem_of(error)


def build(settings: GetSettings) -> HttpHandler:
    """Return the application with its client."""
    telemetry = Telemetry(settings.common.service, settings.common.namespace)
    api = GetApi(TaskStore(aws.dynamodb(), settings.common.table), telemetry)
    return HttpHandler(api.routes, telemetry)


@cache
def application() -> HttpHandler:
    """Return the application of this execution environment, made at the first invocation."""
    return build(GetSettings.read(os.environ))


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return application()(event, context)
