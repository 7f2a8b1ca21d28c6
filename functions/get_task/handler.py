"""GET /tasks/{taskId} and GET /task/{taskId}: look up, answer."""

import os
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard.edge.answers import NO_ROUTE, Answer, not_found, problem_answer, respond, unavailable
from taskguard.edge.environment import Environment
from taskguard.edge.requests import Request
from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model.errors import AwsError
from taskguard.model.record import is_task_id
from taskguard.model.views import task_view
from taskguard.storage import aws
from taskguard.storage.store import TaskStore


@dataclass(frozen=True, slots=True)
class GetSettings(Environment):
    """The function's environment: what every function has."""


@dataclass(frozen=True)
class GetApi:
    """Answers what became of a task."""

    store: TaskStore
    telemetry: Telemetry

    def handle(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer one event of the HTTP API."""
        return respond(event, context, self.telemetry, self.answer)

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        match request.route:
            case "GET /tasks/{taskId}" | "GET /task/{taskId}":
                return self.one(request.task_id)
            case _:
                return problem_answer(NO_ROUTE)

    def one(self, task_id: str) -> Answer:
        """Answer with a task's record, or with a problem: there is none, or it cannot be read now."""
        try:
            record = self.store.get(task_id) if is_task_id(task_id) else None
        except AwsError as error:
            self.telemetry.aws_failed(error)
            return problem_answer(unavailable("the task's record could not be read now"))
        self.telemetry.report(Event.READ, taskId=task_id[:128], found=record is not None)
        return Answer(HTTPStatus.OK, task_view(record)) if record else problem_answer(not_found(task_id))


def build(settings: GetSettings) -> GetApi:
    """Return the API with its client."""
    return GetApi(TaskStore(aws.dynamodb(), settings.tasks_table_name), Telemetry.of(settings))


@cache
def application() -> GetApi:
    """Return the API of this execution environment, made when Lambda loads the function."""
    return build(GetSettings.read(os.environ))


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    application()  # Lambda gives loading a whole CPU, an invocation only the share that its memory buys


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return application().handle(event, context)
