"""Threads of one process that follow each other, so that a run can be repeated.

The product handles messages, pages and tasks side by side. Here each of them ends before the next begins,
except for work that hangs: it is left where it is, and what comes behind it goes on.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from typing import Any, Final, TypeVar
from unittest.mock import patch

from tests.proofs.simulation.process import Killed

T = TypeVar("T")

_PRODUCT_POOLS: Final = (
    "taskguard.edge.sqs.ThreadPoolExecutor",
    "taskguard.wake.ThreadPoolExecutor",
    "taskguard.storage.indexes.ThreadPoolExecutor",
    "submit_task.handler.ThreadPoolExecutor",
)


class HangingCall:
    """A call in a thread of its own that may hang; whoever started it waits until it ends or hangs."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call
        self._moved, self._released = threading.Semaphore(0), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Run the call until it ends or hangs."""
        self._thread.start()
        self._moved.acquire()

    def hang(self) -> None:
        """Hang, in the call's own thread, until it is released."""
        self._moved.release()
        self._released.wait()

    def release(self) -> None:
        """Let the call go on until it ends."""
        self._released.set()
        self._thread.join()

    def _run(self) -> None:
        _this_thread.call = self
        try:
            self._call()
        finally:
            self._moved.release()


class _ThisThread(threading.local):
    call: HangingCall | None = None


_this_thread = _ThisThread()


def this_call() -> HangingCall:
    """Return the call of the present thread; raise `RuntimeError` if the thread is none of a pool."""
    if _this_thread.call is None:
        raise RuntimeError("only the work of a message can hang")
    return _this_thread.call


class InOrderPool(Executor):
    """Stands in for `ThreadPoolExecutor`."""

    def __init__(self, max_workers: int | None = None) -> None:
        self._futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """Call a function, and return when it has ended or hangs."""
        future: Future[T] = Future()
        self._futures.append(future)

        def call() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # as `ThreadPoolExecutor` does; `Killed` is one
                future.set_exception(error)

        HangingCall(call).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Return if every call has ended; raise `Killed` if one hangs, for Lambda then ends the wait."""
        if not all(future.done() for future in self._futures):
            raise Killed


@contextmanager
def in_order() -> Iterator[None]:
    """Let all pools of the product be such pools."""
    with ExitStack() as stack:
        for name in _PRODUCT_POOLS:
            stack.enter_context(patch(name, InOrderPool))
        yield
