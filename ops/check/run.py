"""A check from its first submission until every task has settled."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import cycle
from threading import Event
from types import TracebackType
from typing import Self

import httpx

from ops.check.api import Api, ApiAnswer, authorization, connections
from ops.check.plan import CheckPlan
from ops.check.result import CheckedTask, CheckResult
from ops.errors import InterruptedByUserError, OpsError
from ops.stack.aws import Aws
from ops.stack.outputs import StackOutputs
from ops.stack.status import Depth, depth_of_all
from ops.tasks import read_records
from taskguard.kinds import probe_of
from taskguard.model.record import TaskRecord

POLL_SECONDS = 1.0
_TASKS_NAMED = 3


@dataclass(frozen=True)
class Progress:
    """Where a check stands: tasks submitted and settled, of how many, and the task queues' depth."""

    total: int
    submitted: int
    settled: int
    depth: Depth


def check(
    plan: CheckPlan,
    outputs: StackOutputs,
    show: Callable[[Progress], None],
    transport: httpx.BaseTransport | None = None,
) -> CheckResult:
    """Submit the tasks and watch them until they settle.

    Parameters
    ----------
    show
        Called about once a second.
    transport
        Replaces the API in tests.

    Raises
    ------
    OpsError
        The API cannot be reached or refuses the caller, or the run's name is already used on this stack.
    InterruptedByUserError
        The user pressed Ctrl-C; the text says which tasks are still running.
    """
    aws, ids, stopped = Aws(outputs), plan.task_ids(), Event()
    kinds = dict(zip(ids, cycle(probes(outputs)), strict=False))
    auth = authorization(plan.auth, plan.token, aws)
    with connections(auth, plan.clients, local=aws.is_local, transport=transport) as http:
        api = Api(outputs.api_endpoint, http, sleep=stopped.wait)
        _refuse_unusable(api.look_up(ids[0]), outputs.api_endpoint, ids[0])
        watch = Watch(
            plan.tasks,
            read=lambda wanted: read_records(aws.dynamodb, outputs.tasks_table_name, wanted),
            depth=lambda: depth_of_all(aws.sqs, outputs.task_queue_urls.values()),
            show=show,
        )
        with Submissions(
            lambda each: api.submit(each, kinds[each], plan.payload(each)), ids, plan.clients, stopped
        ) as submissions:
            return watch.until_settled(submissions, plan.timeout)


def probes(outputs: StackOutputs) -> list[str]:
    """Return the kinds that a check submits: the probe of each lane, so that no real work is done."""
    return [probe_of(lane) for lane in outputs.lanes() if probe_of(lane) in outputs.kinds.all]


def _refuse_unusable(answer: ApiAnswer, endpoint: str, first_id: str) -> None:
    """Tell from the answer to a GET of the first task whether the check can begin."""
    if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise OpsError(
            f"The API refuses this caller ({answer.detail}). If the stack's taskguard:apiAuth is iam or jwt, "
            "say so: --auth iam, or --auth jwt --token TOKEN."
        )
    if answer.status_code == HTTPStatus.OK:
        raise _name_used(first_id)
    if answer.status_code != HTTPStatus.NOT_FOUND:
        raise OpsError(f"The API at {endpoint} cannot be used: {answer.detail}.")


def _name_used(task_id: str) -> OpsError:
    return OpsError(
        f"This run's name is already used on this stack: task {task_id} exists. Choose another with --run."
    )


class Submissions:
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
        Set when nothing more shall be submitted; the same event ends the waits between retries.
    """

    def __init__(
        self, submit: Callable[[str], ApiAnswer], task_ids: Sequence[str], clients: int, stopped: Event
    ) -> None:
        self._stopped = stopped
        self._pool = ThreadPoolExecutor(clients, thread_name_prefix="submit")
        self._futures: dict[str, Future[ApiAnswer]] = {
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
        """Every task has been answered."""
        return all(future.done() for future in self._futures.values())

    def answers(self) -> dict[str, ApiAnswer]:
        """Return the answers so far, in order of the tasks."""
        return {task_id: future.result() for task_id, future in self._futures.items() if future.done()}


@dataclass
class Watch:
    """Watches the tasks of a check; its clock starts when it is made.

    Attributes
    ----------
    total
        How many tasks there are.
    read
        Reads the records of these tasks, by id.
    depth
        Reads the task queue's depth.
    show
        Shows the user where the check stands.
    clock, sleep
        Monotonic seconds, and waiting for some; tests bring their own.
    """

    total: int
    read: Callable[[Sequence[str]], Mapping[str, TaskRecord]]
    depth: Callable[[], Depth]
    show: Callable[[Progress], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _answers: dict[str, ApiAnswer] = field(default_factory=dict, init=False)
    _tasks: dict[str, CheckedTask] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Start the clock."""
        self._began = self._last_settled = self.clock()

    def until_settled(self, submissions: Submissions, timeout: float) -> CheckResult:
        """Watch until every accepted task has settled, for at most `timeout` seconds after the last answer.

        Raises
        ------
        OpsError
            A task's id was there before this check.
        InterruptedByUserError
            The user pressed Ctrl-C; the text says which tasks are still running.
        """
        try:
            self._watch(submissions, timeout)
        except KeyboardInterrupt:
            raise InterruptedByUserError(self._what_goes_on()) from None
        return self._result()

    def _watch(self, submissions: Submissions, timeout: float) -> None:
        deadline = float("inf")
        while True:
            all_submitted = submissions.done  # asked before the answers, so that none is missed
            self._note_answers(submissions.answers())
            self._note_records()
            settled = len(self._tasks) - len(self._unsettled())
            self.show(Progress(self.total, len(self._answers), settled, self.depth()))
            if all_submitted and not self._unsettled():
                return
            now = self.clock()
            if now >= deadline:
                return
            if all_submitted:
                deadline = min(deadline, now + timeout)
            self.sleep(POLL_SECONDS)

    def _note_answers(self, answers: dict[str, ApiAnswer]) -> None:
        self._answers = answers
        for task_id, answer in answers.items():
            if answer.existed:
                raise _name_used(task_id)
            if answer.accepted:
                self._tasks.setdefault(task_id, CheckedTask(task_id))

    def _note_records(self) -> None:
        records = self.read(self._unsettled())
        seen = {task_id: CheckedTask(task_id, record) for task_id, record in records.items()}
        self._tasks.update(seen)
        if any(task.settled for task in seen.values()):
            self._last_settled = self.clock()

    def _unsettled(self) -> list[str]:
        return [task_id for task_id, task in self._tasks.items() if not task.settled]

    def _what_goes_on(self) -> str:
        unsettled = self._unsettled()
        named = unsettled[:_TASKS_NAMED] + ["..."] * (len(unsettled) > _TASKS_NAMED)
        return (
            f"Interrupted: {len(self._answers)} of {self.total} tasks submitted, "
            f"{len(unsettled)} still running{': ' if named else ''}{' '.join(named)}."
        )

    def _result(self) -> CheckResult:
        return CheckResult(
            submitted=self.total,
            tasks=tuple(self._tasks[each] for each in sorted(self._tasks)),
            refused={each: answer.detail for each, answer in self._answers.items() if not answer.accepted},
            duration_seconds=self._last_settled - self._began,
            submit_seconds=tuple(answer.seconds for answer in self._answers.values() if answer.accepted),
        )
