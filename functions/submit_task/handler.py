"""POST /tasks, POST /task and POST /tasks/batch: parse, submit, answer."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from submit_task.refusals import refusal
from submit_task.settings import SubmitSettings
from taskguard import aws
from taskguard.clock import Clock, utc_now
from taskguard.errors import TaskGuardError
from taskguard.http_api import Answer, HttpHandler
from taskguard.json_text import Json
from taskguard.problem import Problem
from taskguard.request import Request
from taskguard.store import TaskStore
from taskguard.submission import MAX_BATCH_TASKS, parse_batch, parse_submission, to_submission
from taskguard.submitting import Origin, Submitted, Submitter
from taskguard.task_queue import TaskQueue
from taskguard.telemetry import Event, Telemetry
from taskguard.view import task_summary, task_view

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
