"""A run of tasks, from submission until all have settled."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Event
from types import TracebackType
from typing import Self

import httpx

from ops.check.api import Answer, Api, authorization, connections
from ops.check.plan import Plan
from ops.check.result import Outcome, Result, outcome_of
from ops.errors import InterruptedByUserError, OpsError
from ops.stack.aws import Aws
from ops.stack.outputs import StackOutputs
from ops.stack.status import Depth, depth_of
from ops.tasks import Record, read_records


class Submitting:
    """Submits tasks with several clients until all are through; leaving the context stops it.

    Parameters
    ----------
    submit
        Submits the task with this id; called from several threads.
    task_ids
        The tasks, in order.
    clients
        How many are submitted at a time.
    stopped
        Set when no more is to be submitted; the same event ends the waits between retries.
    """

    def __init__(
        self, submit: Callable[[str], Answer], task_ids: Sequence[str], clients: int, stopped: Event
    ) -> None:
        self._stopped = stopped
        self._pool = ThreadPoolExecutor(clients, thread_name_prefix="submit")
        self._futures: dict[str, Future[Answer]] = {
            each: self._pool.submit(submit, each) for each in task_ids
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def done(self) -> bool:
        """Every task has been submitted, or refused."""
        return all(future.done() for future in self._futures.values())

    def answers(self) -> dict[str, Answer]:
        """Return the answers so far, in order of the tasks."""
        finished = {task_id: future for task_id, future in self._futures.items() if future.done()}
        return {task_id: future.result() for task_id, future in finished.items()}


POLL_SECONDS = 1.0
_NAMED = 3


@dataclass(frozen=True)
class Progress:
    """Where a run stands: tasks submitted and settled, of how many, and the task queue's depth."""

    total: int
    submitted: int
    settled: int
    depth: Depth


@dataclass(frozen=True)
class View:
    """What a run sees of its stack.

    Attributes
    ----------
    read
        Reads the records of these tasks, by id.
    depth
        Reads the task queue's depth.
    show
        Shows the user where the run stands.
    clock, sleep
        Monotonic seconds, and waiting for some; tests put their own in their place.
    """

    read: Callable[[Sequence[str]], Mapping[str, Record]]
    depth: Callable[[], Depth]
    show: Callable[[Progress], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Run:
    """A run under way; it begins when it is made.

    Attributes
    ----------
    total
        How many tasks it has.
    view
        What it sees of its stack.
    """

    total: int
    view: View
    _answers: dict[str, Answer] = field(default_factory=dict, init=False)
    _outcomes: dict[str, Outcome] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Note the time."""
        self._began = self._last_settled = self.view.clock()

    def follow(self, submitting: Submitting, timeout: float) -> Result:
        """Watch until every accepted task has settled, or for some seconds after the last submission.

        Raises
        ------
        OpsError
            A task's id was there before this run.
        InterruptedByUserError
            The user pressed Ctrl-C; the text says which tasks are still running.
        """
        try:
            self._watch(submitting, timeout)
        except KeyboardInterrupt:
            raise InterruptedByUserError(self._unfinished()) from None
        return self._result()

    def _watch(self, submitting: Submitting, timeout: float) -> None:
        deadline = float("inf")
        while True:
            all_submitted = submitting.done  # asked before the answers, so that none is missed
            self._note_answers(submitting.answers())
            self._note_records()
            self._show()
            if all_submitted and not self._unsettled():
                return
            now = self.view.clock()
            if now >= deadline:
                return
            if all_submitted:
                deadline = min(deadline, now + timeout)
            self.view.sleep(POLL_SECONDS)

    def _note_answers(self, answers: dict[str, Answer]) -> None:
        self._answers = answers
        refuse_used_name(next((task_id for task_id, answer in answers.items() if answer.existed), None))
        for task_id, answer in answers.items():
            if answer.accepted:
                self._outcomes.setdefault(task_id, Outcome(task_id))

    def _note_records(self) -> None:
        records = self.view.read(self._unsettled())
        seen = {task_id: outcome_of(record) for task_id, record in records.items()}
        self._outcomes.update(seen)
        if any(outcome.settled for outcome in seen.values()):
            self._last_settled = self.view.clock()

    def _unsettled(self) -> list[str]:
        return [task_id for task_id, outcome in self._outcomes.items() if not outcome.settled]

    def _show(self) -> None:
        settled = len(self._outcomes) - len(self._unsettled())
        self.view.show(Progress(self.total, len(self._answers), settled, self.view.depth()))

    def _result(self) -> Result:
        return Result(
            submitted=self.total,
            outcomes=tuple(outcome for _, outcome in sorted(self._outcomes.items())),
            refused={each: answer.detail for each, answer in self._answers.items() if not answer.accepted},
            duration_seconds=self._last_settled - self._began,
            submit_seconds=tuple(answer.seconds for answer in self._answers.values() if answer.accepted),
        )

    def _unfinished(self) -> str:
        still_open = self._unsettled()
        first = still_open[:_NAMED] + ["..."] * (len(still_open) > _NAMED)
        return (
            f"Interrupted: {len(self._answers)} of {self.total} tasks submitted, "
            f"{len(still_open)} still running{': ' if first else ''}{' '.join(first)}."
        )


def refuse_used_name(existing: str | None) -> None:
    """Raise an error if a task of this run was there before it."""
    if existing:
        raise OpsError(
            f"This run's name is already used on this stack: task {existing} exists. "
            "Choose another with --run."
        )


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
