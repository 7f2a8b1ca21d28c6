"""Messages for open tasks that have lost theirs: the rescue of `wake_tasks`, over the whole table at once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ops.errors import InterruptedByUserError
from ops.many import NotDoneError
from ops.redrive import store_of
from taskguard.model.clock import Clock, utc_now
from taskguard.model.record import TaskRecord
from taskguard.rescue import Rescuer
from taskguard.storage.indexes import SEGMENTS, Page, TableScan
from taskguard.storage.queue import TaskQueue, message_life

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from ops.stack.aws import Aws

PURGE_SECONDS = 60
"""So long a purge may still delete what is sent: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html"""


@dataclass(frozen=True)
class Repairer:
    """Finds the tasks of one stack that nothing would wake any more, and sends their messages anew.

    Those are open tasks without a due time (the waker sends the others), without a running attempt, and

    - whose message is older than the queue keeps any,
    - or which have waited too long for their first attempt: the submit may have died before it sent, and a
      second message for a first attempt is harmless,
    - or all of them, if the queue is known to be empty.

    Parameters
    ----------
    untried_for
        How long is too long for a task that was never tried.
    assume_empty
        The task queue was purged: every message is gone.
    """

    scan: TableScan
    rescuer: Rescuer
    untried_for: timedelta
    assume_empty: bool = False
    clock: Clock = utc_now

    def find(self, show: Callable[[int, int], None]) -> list[str]:
        """Read the whole table, and return the ids of tasks that seem to need a message.

        Parameters
        ----------
        show
            Called now and then with how many records were read, and how many tasks were found.

        Raises
        ------
        taskguard.model.errors.AwsError
            The table did not answer.
        """
        segments: dict[int, str | None] = dict.fromkeys(range(SEGMENTS))
        found: list[str] = []
        read = 0
        with ThreadPoolExecutor(SEGMENTS) as pool:
            # A page of each segment at a time, so that Ctrl-C never has to wait for more.
            while segments:
                pages = dict(zip(segments, pool.map(self._page, segments, segments.values()), strict=True))
                found += [task_id for page in pages.values() for task_id in page.task_ids]
                read += sum(page.read for page in pages.values())
                show(read, len(found))
                segments = {number: page.next_key for number, page in pages.items() if page.next_key}
        return found

    def _page(self, segment: int, start_key: str | None) -> Page:
        if self.assume_empty:
            return self.scan.page(segment, start_key)
        now = self.clock()
        return self.scan.page(
            segment, start_key, now - self.rescuer.message_life, untried_before=now - self.untried_for
        )

    def look(self, task_id: str) -> TaskRecord:
        """Read a task that needs a message, and change nothing.

        Raises
        ------
        NotDoneError
            It needs none.
        taskguard.model.errors.AwsError
            The table did not answer.
        """
        record = self.rescuer.store.get(task_id)
        if record is None:
            raise NotDoneError("there is no such task")
        if not self.rescuer.needs_message(record, assume_lost=self._assume_lost(record)):
            raise NotDoneError(self._why_not(record))
        return record

    def repair(self, task_id: str) -> None:
        """Send a task's message anew.

        Raises
        ------
        NotDoneError
            It needs none.
        taskguard.model.errors.AwsError
            The table or a queue did not answer; repeating is safe.
        """
        record = self.look(task_id)
        if self.rescuer.rescue(record, assume_lost=self._assume_lost(record)) is None:
            raise NotDoneError("it changed meanwhile: look at it with `show`")

    def _assume_lost(self, record: TaskRecord) -> bool:
        sent_at = record.sent_at or record.updated_at
        return self.assume_empty or (record.is_untried and sent_at + self.untried_for < self.clock())

    def _why_not(self, record: TaskRecord) -> str:
        if record.due_at and not record.is_settled:
            return "it has no message yet: the waker sends it in time"
        if record.has_live_lease(self.clock()):
            return "an attempt is running: repeat this when it has ended"
        return f"it is {record.status}, and its message may still be there"


def repairer_for(aws: "Aws", untried_for: timedelta, *, assume_empty: bool) -> Repairer:
    """Return the repairer of a stack."""
    outputs = aws.outputs
    rescuer = Rescuer(
        store=store_of(aws),
        tasks=aws.task_queues,
        dead_letters=TaskQueue(aws.sqs, outputs.dead_letter_queue_url),
        clock=utc_now,
        message_life=message_life(_retention_days(aws.sqs, outputs.task_queue_url)),
    )
    return Repairer(TableScan(aws.dynamodb, outputs.tasks_table_name), rescuer, untried_for, assume_empty)


def _retention_days(client: "SQSClient", queue_url: str) -> float:
    """Return how long a queue keeps a message, as it is set at this moment."""
    answer = client.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["MessageRetentionPeriod"])
    return int(answer["Attributes"]["MessageRetentionPeriod"]) / timedelta(days=1).total_seconds()


def wait_out_purge(show: Callable[[int], None], sleep: Callable[[float], None] | None = None) -> None:
    """Wait until a purge that was just asked for deletes nothing more.

    Parameters
    ----------
    show
        Called each second with how many are left.
    sleep
        Waits for some seconds.

    Raises
    ------
    InterruptedByUserError
        The user pressed Ctrl-C; nothing was sent.
    """
    try:
        for left in range(PURGE_SECONDS, 0, -1):
            show(left)
            (sleep or time.sleep)(1)
        show(0)
    except KeyboardInterrupt:
        raise InterruptedByUserError("Interrupted while waiting: nothing was sent.") from None
