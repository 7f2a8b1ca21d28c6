"""POST /tasks, POST /task and POST /tasks/batch: parse, submit, answer."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard import aws
from taskguard.clock import Clock, utc_now
from taskguard.http_api import HttpHandler, body_bytes, json_response, new_resolver, origin_of
from taskguard.json_text import Json
from taskguard.problem import ANSWERED, Problem, problem_of
from taskguard.settings import SubmitSettings
from taskguard.store import TaskStore
from taskguard.submission import parse_batch, parse_submission, to_submission
from taskguard.submitting import Origin, Submitted, Submitter
from taskguard.task_queue import TaskQueue
from taskguard.telemetry import Event, Telemetry
from taskguard.view import task_summary, task_view

BATCH_WORKERS = 8
"""Tasks of one batch submitted at a time; each takes one write and one send."""


class SubmitApi:
    """The API's side of submitting.

    Parameters
    ----------
    batch_workers
        Tasks of one batch submitted at a time.
    """

    def __init__(self, submitter: Submitter, telemetry: Telemetry, batch_workers: int) -> None:
        self._submitter = submitter
        self._telemetry = telemetry
        self._batch_workers = batch_workers
        self.routes = new_resolver(self._refuse)
        self.routes.post("/tasks")(self._one)
        self.routes.post("/task")(self._one)
        self.routes.post("/tasks/batch")(self._many)

    def _one(self) -> Response[str]:
        event = self.routes.current_event
        submitted = self._submitter.submit(parse_submission(body_bytes(event)), origin_of(event))
        headers = {"Location": f"/tasks/{submitted.record.task_id}"}
        return json_response(_status(submitted), task_view(submitted.record), headers)

    def _many(self) -> Response[str]:
        event = self.routes.current_event
        items, origin = parse_batch(body_bytes(event)), origin_of(event)
        origins = [replace(origin, request_id=f"{origin.request_id}/{n}") for n in range(len(items))]
        with ThreadPoolExecutor(self._batch_workers) as pool:
            results = list(pool.map(self._item, items, origins))
        return json_response(HTTPStatus.MULTI_STATUS, {"results": results})

    def _item(self, item: Json, origin: Origin) -> dict[str, Json]:
        try:
            submitted = self._submitter.submit(to_submission(item), origin)
        except ANSWERED as error:
            problem = self._refuse(error)
            return {"status": problem.status.value, "problem": problem.body()}
        return {"status": _status(submitted).value, "task": task_summary(submitted.record)}

    def _refuse(self, error: Exception) -> Problem:
        problem = problem_of(error)
        self._telemetry.report(Event.SUBMIT_REJECTED, status=problem.status.value, reason=str(error)[:500])
        return problem


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
    return HttpHandler(SubmitApi(submitter, telemetry, batch_workers).routes, telemetry)


@cache
def application() -> HttpHandler:
    """Return the application of this execution environment, made at the first invocation."""
    return build(SubmitSettings.read(os.environ))


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return application()(event, context)
