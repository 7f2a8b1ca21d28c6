"""Waking: a message for each task that waits in the table, and for each whose message is gone.

    due     every five minutes: tasks whose time comes within the next fifteen get their message, delayed to
            the second; open dead letters and the oldest overdue task are measured
    scan    every day, over the whole table: open tasks whose message must be gone get a new one

Both send first and note it afterwards: an interruption then leaves a message too many, which the claim drops,
and never a task without one. Two runs at once are harmless for the same reason.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from taskguard.edge.telemetry import Event, Telemetry
from taskguard.model.clock import Clock
from taskguard.model.errors import AwsError
from taskguard.model.message import Message
from taskguard.model.record import TaskRecord
from taskguard.rescue import Rescuer
from taskguard.storage.indexes import SEGMENTS, Page, TableScan, TaskIndexes
from taskguard.storage.queue import LaneQueues, TaskQueue
from taskguard.storage.store import Refused, TaskStore

HORIZON: Final = timedelta(minutes=15)
"""How far ahead of its time a task's message is sent: SQS delays a message by no more."""

MAX_DUE: Final = 10_000
"""Most tasks woken by one run; the next one takes the rest, oldest first."""

MAX_COUNTED: Final = 10_000
"""Most dead letters counted: an alarm needs no more, and counting costs reads."""

MAX_ROUNDS: Final = 100
"""Most pages of each segment that one run reads, of 1 MB each."""

WORKERS: Final = 16
"""Tasks woken side by side."""


@dataclass(frozen=True)
class Waker:
    """Gives messages to tasks that have none.

    Parameters
    ----------
    message_life
        How long a message of the task queue can live, with some reserve.
    """

    store: TaskStore
    indexes: TaskIndexes
    scanned: TableScan
    tasks: LaneQueues
    dead_letters: TaskQueue
    clock: Clock
    telemetry: Telemetry
    message_life: timedelta

    def wake_due(self, until: datetime) -> int:
        """Wake the tasks whose time comes within the horizon, oldest first; return how many were woken.

        Parameters
        ----------
        until
            When to stop, if there are more than time for them.

        Raises
        ------
        AwsError
            The index could not be read. A single task that cannot be woken is reported, and is due again at
            the next run.
        """
        due = self.indexes.due(self.clock() + HORIZON, MAX_DUE)
        return self._each(due, self.wake, until)

    def wake(self, task_id: str) -> bool:
        """Send the message of a task that waits in the table; False if it waits no longer."""
        record = self.store.get(task_id)
        if record is None or record.due_at is None or record.is_settled:
            return False
        now = self.clock()
        if record.due_at > now + HORIZON:
            return False  # the index was behind: it has been woken meanwhile, and waits for another time
        self._send(record, now)
        try:
            self.telemetry.report(Event.WOKEN, self.store.wake(record, now))
        except Refused:  # another run was faster, or somebody cancelled it
            return False
        return True

    def scan(self, until: datetime, *, begin: bool) -> int:
        """Read on in the table, and give a message to each open task that has lost its own.

        Parameters
        ----------
        until
            When to stop; the next call goes on from there.
        begin
            Begin a new scan if none is unfinished.

        Returns
        -------
        int
            How many tasks were rescued.
        """
        segments = self.scanned.progress()
        if not segments and begin:
            segments = dict.fromkeys(range(SEGMENTS))
        rescued = 0
        # A limited number of pages, so that a scan never takes the table's throughput from the tasks.
        for _ in range(MAX_ROUNDS):
            if not segments or self.clock() >= until:
                break
            with ThreadPoolExecutor(len(segments)) as pool:
                pages = dict(
                    zip(segments, pool.map(self._page, *zip(*segments.items(), strict=True)), strict=True)
                )
            found = [task_id for page in pages.values() for task_id in page.task_ids]
            rescued += self._each(found, self.rescue, until)
            if self.clock() >= until:
                break  # some of these pages' tasks were left out: they are read again
            segments = {number: page.next_key for number, page in pages.items() if page.next_key}
            self.scanned.keep_progress(segments)
        return rescued

    def _page(self, segment: int, start_key: str | None) -> Page:
        return self.scanned.page(segment, start_key, self.clock() - self.message_life)

    def measure(self) -> int:
        """Report how many dead letters stand open, how old the oldest is, and how late the latest task is.

        Returns
        -------
        int
            How many dead letters stand open, counted up to `MAX_COUNTED`.
        """
        now = self.clock()
        letters, due = self.indexes.dead_letters(MAX_COUNTED), self.indexes.earliest_due()
        age = now - letters.oldest if letters.oldest else timedelta()
        late = max(now - due, timedelta()) if due else timedelta()
        self.telemetry.gauge("DeadLettersOpen", letters.count)
        self.telemetry.gauge("DeadLetterOldestAge", age.total_seconds())
        self.telemetry.gauge("TaskOverdue", late.total_seconds())
        self.telemetry.gauge("WakerRuns", 1)
        return letters.count

    def rescue(self, task_id: str, *, assume_lost: bool = False) -> bool:
        """Give an open task a message if its own must be gone, see `Rescuer`; False if it needs none."""
        record = self.store.get(task_id)
        if record is None:
            return False
        rescuer = Rescuer(self.store, self.tasks, self.dead_letters, self.clock, self.message_life)
        rescued = rescuer.rescue(record, assume_lost=assume_lost)
        if rescued is None:
            return False
        self.telemetry.report(Event.RESCUED, rescued)
        return True

    def _send(self, record: TaskRecord, now: datetime) -> None:
        delay = max(record.due_at - now, timedelta()) if record.due_at else timedelta()
        self.tasks.send(Message.of(record, sent_at=now), delay)

    def _each(self, task_ids: Iterable[str], act: Callable[[str], bool], until: datetime) -> int:
        """Act on each, several at a time; what fails is reported and left to the next run."""

        def one(task_id: str) -> bool:
            if self.clock() >= until:
                return False
            try:
                return act(task_id)
            except AwsError as error:
                self.telemetry.aws_failed(error, taskId=task_id)
                return False

        with ThreadPoolExecutor(WORKERS) as pool:
            return sum(pool.map(one, task_ids))
