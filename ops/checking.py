"""Checking a stack: submitting tasks through its API and watching what becomes of them."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from threading import Event

import httpx

from ops.api import Answer, Api, connections
from ops.api_auth import ApiAuth
from ops.authorization import authorization, checked_token
from ops.aws import Aws
from ops.depths import depth_of
from ops.errors import OpsError
from ops.outcomes import Result
from ops.outputs import StackOutputs
from ops.records import read_records
from ops.runs import task_ids
from ops.settling import Progress, Run, View, refuse_used_name
from ops.submitting import Submitting


@dataclass(frozen=True)
class Plan:
    """What to submit, and how.

    Attributes
    ----------
    run
        The run's name, with which the tasks' ids begin.
    tasks
        How many, from 1.
    timeout
        Seconds to wait for tasks to settle after the last submission.
    clients
        How many tasks are submitted at a time, from 1.
    auth, token
        How the API wants its callers authorized.
    """

    run: str
    tasks: int = 30
    timeout: float = 300.0
    clients: int = 8
    auth: ApiAuth = ApiAuth.NONE
    token: str | None = None

    def __post_init__(self) -> None:
        """Refuse a run's name that cannot begin a task id, and a token that is missing or of no use."""
        self.task_ids()
        checked_token(self.auth, self.token)

    def task_ids(self) -> list[str]:
        """Return the tasks' ids, in order."""
        return task_ids(self.run, self.tasks)


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
