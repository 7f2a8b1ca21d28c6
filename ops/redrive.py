"""Sending tasks again, one after the other: what was sent, what was not, and why."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops.errors import InterruptedByUserError, OpsError
from taskguard.model.clock import utc_now
from taskguard.model.errors import Unavailable
from taskguard.model.message import UNREADABLE_PREFIX
from taskguard.model.record import Status, TaskRecord
from taskguard.redrive import Redriver
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import TaskStore

if TYPE_CHECKING:
    from ops.stack.aws import Aws


@dataclass
class SendReport:
    """What became of the tasks so far.

    Attributes
    ----------
    sent
        Ids of the tasks sent again.
    refused
        Reasons, by id, why tasks must not be sent again.
    failed
        Errors, by id, of tasks that should have been sent; trying them once more is safe.
    """

    sent: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, task_id: str, send: Callable[[str], object]) -> None:
        """Send one task again and note how it went."""
        try:
            send(task_id)
        except NotSentError as reason:
            self.refused[task_id] = str(reason)
        except Unavailable as error:
            self.failed[task_id] = str(error)
        else:
            self.sent.append(task_id)


class NotSentError(OpsError):
    """A task must not be sent again; the text says why."""


def send_all(
    task_ids: Sequence[str],
    send: Callable[[str], object],
    wait: Callable[[], None],
    show: Callable[[int], None],
) -> SendReport:
    """Send tasks again, one after the other.

    Parameters
    ----------
    send
        Sends one task, or only checks that it may be sent.
    wait
        Waits for the next one's turn, see `RateLimiter`.
    show
        Called with the number of tasks dealt with so far.

    Raises
    ------
    InterruptedByUserError
        The user pressed Ctrl-C; the text says how far it came. Starting over is safe.
    """
    report = SendReport()
    try:
        for number, task_id in enumerate(task_ids, start=1):
            wait()
            report.add(task_id, send)
            show(number)
    except KeyboardInterrupt:
        raise InterruptedByUserError(
            f"Interrupted: {len(report.sent)} of {len(task_ids)} sent again. "
            "The same command does the rest; repeating is safe."
        ) from None
    return report


@dataclass(frozen=True)
class Sender:
    """Sends tasks of one stack again."""

    store: TaskStore
    redriver: Redriver

    def dead_letter(self, task_id: str) -> TaskRecord:
        """Read a dead letter that may be redriven, and change nothing.

        Raises
        ------
        NotSentError
            It is not a dead letter, or its message never was a readable task.
        taskguard.model.errors.Unavailable
            The table did not answer.
        """
        refuse_unreadable(task_id)
        record = self.store.get(task_id)
        if record is None:
            raise NotSentError("there is no such task")
        if record.status is not Status.DEAD_LETTERED:
            raise NotSentError(f"it is {record.status}, not DEAD_LETTERED")
        return record

    def redrive(self, task_id: str) -> None:
        """Send a dead letter again as its next generation.

        Raises
        ------
        NotSentError
            It is not a dead letter, or its message never was a readable task.
        taskguard.model.errors.Unavailable
            The table or the queue did not answer; repeating is safe.
        """
        if not self.redriver.redrive(self.dead_letter(task_id)):
            raise NotSentError("it changed meanwhile: look at it with `show`")

    def repair(self, task_id: str) -> None:
        """Send the message of a task that waits for its first attempt once more.

        Raises
        ------
        NotSentError
            It no longer waits.
        taskguard.model.errors.Unavailable
            The table or the queue did not answer; repeating is safe.
        """
        record = self.store.get(task_id)
        if record is None or not self.redriver.repair(record):
            raise NotSentError("it waits no longer for its first attempt")


def sender_for(aws: "Aws") -> Sender:
    """Return the sender of a stack."""
    store = TaskStore(aws.dynamodb, aws.outputs.tasks_table_name)
    return Sender(store, Redriver(store, TaskQueue(aws.sqs, aws.outputs.task_queue_url), utc_now))


def refuse_unreadable(task_id: str) -> None:
    """Raise `NotSentError` for a dead letter whose message was not a task: there is nothing to send."""
    if task_id.startswith(UNREADABLE_PREFIX):
        raise NotSentError("its message is no task: see its text with `show`, and submit it anew")


class RateLimiter:
    """Spreads calls evenly: `wait` returns at most so many times a second, the first time at once.

    Parameters
    ----------
    rate
        Times a second, above 0; infinite to never wait.
    clock, sleep
        Monotonic seconds, and waiting for some.
    """

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 1 / rate
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    def wait(self) -> None:
        """Wait for the next turn; time lost elsewhere is not made up for by a burst."""
        now = self._clock()
        if self._next > now:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + self._interval
