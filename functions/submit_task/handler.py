"""POST /tasks, POST /task and POST /tasks/batch: parse, submit, answer."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard.edge.answers import Answer, HttpHandler, Problem, unavailable
from taskguard.edge.environment import Common, Environment
from taskguard.edge.requests import (
    MAX_BATCH_TASKS,
    InvalidSubmission,
    Request,
    TooLarge,
    parse_batch,
    parse_submission,
    to_submission,
)
from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model.clock import Clock, utc_now
from taskguard.model.errors import TaskGuardError
from taskguard.model.json_text import Json
from taskguard.model.views import task_summary, task_view
from taskguard.storage import aws
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import TaskStore
from taskguard.submit import Conflict, NotSubmitted, Origin, Submitted, Submitter


@dataclass(frozen=True, slots=True)
class SubmitSettings:
    """``submit_task``'s environment."""

    common: Common
    task_queue_url: str

    @classmethod
    def read(cls, values: Mapping[str, str]) -> "SubmitSettings":
        """Return the settings; raises ``InvalidEnvironment``."""
        environment = Environment(values)
        settings = cls(Common.read(environment), environment.text("TASK_QUEUE_URL"))
        environment.finish()
        return settings


def refusal(error: TaskGuardError) -> Problem:
    """Return the answer for an error; raises one that has none, which is a bug."""
    match error:
        case InvalidSubmission():
            faults = [{"pointer": fault.pointer, "detail": fault.detail} for fault in error.faults]
            return Problem(
                HTTPStatus.BAD_REQUEST, "invalid-submission", "the body is no task", {"errors": faults}
            )
        case TooLarge():
            return Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", str(error), {"limitBytes": error.limit}
            )
        case Conflict():
            return Problem(HTTPStatus.CONFLICT, "conflict", str(error), {"taskId": error.task_id})
        case NotSubmitted():
            return unavailable(str(error), taskId=error.task_id)
        case _:
            raise error


BATCH_WORKERS = MAX_BATCH_TASKS
"""Tasks of one batch submitted at a time: all, so that a batch takes no longer than one task may."""


@dataclass(frozen=True)
class SubmitApi:
    """The API's side of submitting.

    Parameters
    ----------
    batch_workers
        Tasks of one batch submitted at a time.
    """

    submitter: Submitter
    telemetry: Telemetry
    batch_workers: int

    def one(self, request: Request) -> Answer:
        """Submit one task."""
        submitted = self.submitter.submit(parse_submission(request.body), _origin(request))
        headers = {"Location": f"/tasks/{submitted.record.task_id}"}
        return Answer(_status(submitted), task_view(submitted.record), headers)

    def many(self, request: Request) -> Answer:
        """Submit up to 25 tasks, each with an answer of its own."""
        items, origin = parse_batch(request.body), _origin(request)
        origins = [replace(origin, request_id=f"{origin.request_id}/{n}") for n in range(len(items))]
        with ThreadPoolExecutor(self.batch_workers) as pool:
            results = list(pool.map(self._item, items, origins))
        return Answer(HTTPStatus.MULTI_STATUS, {"results": results})

    def refuse(self, error: TaskGuardError) -> Problem:
        """Log why a task is not taken, and return the problem that says so."""
        problem = refusal(error)
        self.telemetry.report(Event.SUBMIT_REJECTED, status=problem.status.value, reason=str(error)[:500])
        return problem

    def _item(self, item: Json, origin: Origin) -> dict[str, Json]:
        try:
            submitted = self.submitter.submit(to_submission(item), origin)
        except TaskGuardError as error:
            problem = self.refuse(error)
            return {"status": problem.status.value, "problem": problem.body()}
        return {"status": _status(submitted).value, "task": task_summary(submitted.record)}


def _origin(request: Request) -> Origin:
    return Origin(request.request_id, request.correlation_id)


def _status(submitted: Submitted) -> HTTPStatus:
    return HTTPStatus.ACCEPTED if submitted.created else HTTPStatus.OK


def build(
    settings: SubmitSettings, clock: Clock = utc_now, batch_workers: int = BATCH_WORKERS
) -> HttpHandler:
    """Return the application with its clients."""
    telemetry = Telemetry(settings.common.service, settings.common.namespace)
    submitter = Submitter(
        store=TaskStore(aws.dynamodb(), settings.common.table),
        queue=TaskQueue(aws.sqs(), settings.task_queue_url),
        clock=clock,
        telemetry=telemetry,
    )
    api = SubmitApi(submitter, telemetry, batch_workers)
    routes = {"POST /tasks": api.one, "POST /task": api.one, "POST /tasks/batch": api.many}
    return HttpHandler(routes, api.refuse, telemetry)


@cache
def application() -> HttpHandler:
    """Return the application of this execution environment, made at the first invocation."""
    return build(SubmitSettings.read(os.environ))


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return application()(event, context)
