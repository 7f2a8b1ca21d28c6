"""Submitting a run's tasks side by side, in the background."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from types import TracebackType
from typing import Self

from ops.api import Answer


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
