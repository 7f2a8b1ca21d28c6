"""Checking a stack: submitting tasks through its API and watching what becomes of them."""

from collections.abc import Callable
from http import HTTPStatus
from threading import Event

import httpx

from ops.api import Answer, Api, connections
from ops.authorization import authorization
from ops.aws import Aws
from ops.depths import depth_of
from ops.errors import OpsError
from ops.outcomes import Result
from ops.outputs import StackOutputs
from ops.plan import Plan
from ops.records import read_records
from ops.settling import Progress, Run, View, refuse_used_name
from ops.submitting import Submitting


def check(
    plan: Plan,
    outputs: StackOutputs,
    show: Callable[[Progress], None],
    transport: httpx.BaseTransport | None = None,
) -> Result:
    """Submit the tasks and watch them until they settle.

    Parameters
    ----------
    show
        Called about once a second with the run's progress.
    transport
        Replaces the API in tests.

    Raises
    ------
    OpsError
        The API cannot be reached or refuses the caller, or the run's name is used on this stack.
    """
    aws = Aws(outputs)
    ids = plan.task_ids()
    auth = authorization(plan.auth, plan.token, aws)
    stopped = Event()
    with connections(auth, plan.clients, local=aws.is_local, transport=transport) as http:
        api = Api(outputs.api_endpoint, http, sleep=stopped.wait)
        refuse_used_name(ids[0] if _exists(api.look_up(ids[0]), outputs.api_endpoint) else None)
        run = Run(plan.tasks, _view(aws, show))
        with Submitting(
            lambda each: api.submit(each, {"run": plan.run, "task": each}), ids, plan.clients, stopped
        ) as submitting:
            return run.follow(submitting, plan.timeout)


def _view(aws: Aws, show: Callable[[Progress], None]) -> View:
    outputs = aws.outputs
    return View(
        read=lambda ids: read_records(aws.dynamodb, outputs.tasks_table_name, ids),
        depth=lambda: depth_of(aws.sqs, outputs.task_queue_url),
        show=show,
    )


def _exists(answer: Answer, endpoint: str) -> bool:
    """Tell from the answer to a GET whether the task exists, and whether the API can be used at all."""
    if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise OpsError(
            f"The API refuses this caller ({answer.detail}). If the stack's taskguard:apiAuth is iam or jwt, "
            "say so: --auth iam, or --auth jwt --token TOKEN."
        )
    if answer.status_code not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
        raise OpsError(f"The API at {endpoint} cannot be used: {answer.detail}.")
    return answer.status_code == HTTPStatus.OK
