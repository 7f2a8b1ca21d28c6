"""GET /tasks/{taskId} and GET /task/{taskId}: look up, answer."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard.edge.answers import Answer, HttpHandler, Problem, not_found, problem_answer, unavailable
from taskguard.edge.environment import Common, Environment
from taskguard.edge.requests import Request
from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model.errors import TaskGuardError
from taskguard.model.record import is_task_id
from taskguard.model.views import task_view
from taskguard.storage import aws
from taskguard.storage.store import TaskStore


@dataclass(frozen=True, slots=True)
class GetSettings:
    """``get_task``'s environment."""

    common: Common

    @classmethod
    def read(cls, values: Mapping[str, str]) -> "GetSettings":
        """Return the settings; raises ``InvalidEnvironment``."""
        environment = Environment(values)
        settings = cls(Common.read(environment))
        environment.finish()
        return settings


@dataclass(frozen=True)
class GetApi:
    """The API's side of reading a task."""

    store: TaskStore
    telemetry: Telemetry

    def one(self, request: Request) -> Answer:
        """Answer with a task's record."""
        wanted = request.task_id
        record = self.store.get(wanted) if is_task_id(wanted) else None
        self.telemetry.report(Event.READ, taskId=wanted[:128], found=record is not None)
        if record is None:
            return problem_answer(not_found(wanted))
        return Answer(HTTPStatus.OK, task_view(record))

    def refuse(self, error: TaskGuardError) -> Problem:
        """Log why a task cannot be read, and return the problem that says so."""
        self.telemetry.report(Event.UNAVAILABLE, error=error)
        return unavailable("the task's record could not be read now")


def build(settings: GetSettings) -> HttpHandler:
    """Return the application with its client."""
    telemetry = Telemetry(settings.common.service, settings.common.namespace)
    api = GetApi(TaskStore(aws.dynamodb(), settings.common.table), telemetry)
    routes = {"GET /tasks/{taskId}": api.one, "GET /task/{taskId}": api.one}
    return HttpHandler(routes, api.refuse, telemetry)


@cache
def application() -> HttpHandler:
    """Return the application of this execution environment, made at the first invocation."""
    return build(GetSettings.read(os.environ))


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return application()(event, context)
