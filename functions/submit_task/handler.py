"""POST /tasks, POST /task and POST /tasks/batch: parse, submit, answer."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard.edge.answers import NO_ROUTE, Answer, Problem, problem_answer, respond, unavailable
from taskguard.edge.environment import AtLeast, ByLane, Environment
from taskguard.edge.requests import MAX_BATCH_TASKS, Request, parse_batch, parse_submission, to_submission
from taskguard.edge.telemetry import Event, Telemetry
from taskguard.kinds import program_kinds
from taskguard.model.clock import Clock, utc_now
from taskguard.model.errors import Conflict, InvalidSubmission, NotSubmitted, TaskGuardError, TooLarge
from taskguard.model.json_text import Json
from taskguard.model.views import task_summary, task_view
from taskguard.storage import aws
from taskguard.storage.queue import LaneQueues, message_life
from taskguard.storage.store import TaskStore
from taskguard.submit import Origin, Submitted, Submitter


@dataclass(frozen=True, slots=True)
class SubmitSettings(Environment):
    """The function's environment."""

    task_queue_urls: Annotated[Mapping[str, str], ByLane()]
    task_retention_days: Annotated[int, AtLeast(1)]


@dataclass(frozen=True)
class SubmitApi:
    """Takes tasks in.

    Parameters
    ----------
    workers
        Tasks of one batch submitted at a time: by default all, so that a batch takes no longer than one task.
    """

    submitter: Submitter
    telemetry: Telemetry
    workers: int = MAX_BATCH_TASKS

    def handle(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer one event of the HTTP API."""
        return respond(event, context, self.telemetry, self.answer)

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        try:
            match request.route:
                case "POST /tasks" | "POST /task":
                    return self.one(request)
                case "POST /tasks/batch":
                    return self.many(request)
                case _:
                    return problem_answer(NO_ROUTE)
        except TaskGuardError as error:
            return problem_answer(self._rejected(error))

    def one(self, request: Request) -> Answer:
        """Submit one task; raises what `parse_submission` and `Submitter.submit` raise."""
        submitted = self.submitter.submit(
            parse_submission(request.body, self.submitter.kinds), _origin(request)
        )
        headers = {"Location": f"/tasks/{submitted.record.task_id}"}
        return Answer(_status(submitted), task_view(submitted.record), headers)

    def many(self, request: Request) -> Answer:
        """Submit up to 25 tasks, each with an answer of its own; raises what `parse_batch` raises."""
        items, origin = parse_batch(request.body), _origin(request)
        origins = [replace(origin, request_id=f"{origin.request_id}/{n}") for n in range(len(items))]
        with ThreadPoolExecutor(self.workers) as pool:
            results = list(pool.map(self._item, items, origins))
        return Answer(HTTPStatus.MULTI_STATUS, {"results": results})

    def _item(self, item: Json, origin: Origin) -> Json:
        try:
            submitted = self.submitter.submit(to_submission(item, self.submitter.kinds), origin)
        except TaskGuardError as error:
            problem = self._rejected(error)
            return {"status": problem.status.value, "problem": problem.body()}
        return {"status": _status(submitted).value, "task": task_summary(submitted.record)}

    def _rejected(self, error: TaskGuardError) -> Problem:
        problem = problem_of(error)
        self.telemetry.report(Event.SUBMIT_REJECTED, status=problem.status.value, reason=str(error)[:500])
        return problem


def problem_of(error: TaskGuardError) -> Problem:
    """Return what the API answers to a submit that ended in `error`; raises one without an answer: a bug."""
    match error:
        case InvalidSubmission():
            faults: list[Json] = [{"pointer": each.pointer, "detail": each.detail} for each in error.faults]
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


def _origin(request: Request) -> Origin:
    return Origin(request.request_id, request.correlation_id, request.caller)


def _status(submitted: Submitted) -> HTTPStatus:
    return HTTPStatus.ACCEPTED if submitted.created else HTTPStatus.OK


def build(settings: SubmitSettings, clock: Clock = utc_now) -> SubmitApi:
    """Return the API with its clients."""
    telemetry = Telemetry.of(settings)
    submitter = Submitter(
        store=TaskStore(aws.dynamodb(), settings.tasks_table_name),
        queue=LaneQueues(aws.sqs(), settings.task_queue_urls, program_kinds()),
        clock=clock,
        telemetry=telemetry,
        message_life=message_life(settings.task_retention_days),
    )
    return SubmitApi(submitter, telemetry)


@cache
def application() -> SubmitApi:
    """Return the API of this execution environment, made when Lambda loads the function."""
    return build(SubmitSettings.read(os.environ))


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    application()  # Lambda gives loading a whole CPU, an invocation only the share that its memory buys


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return application().handle(event, context)
