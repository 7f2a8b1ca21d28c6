"""Rescue: a new message for an open task whose own must be gone; the daily scan and `ops repair` share it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from taskguard.model.clock import Clock
from taskguard.model.message import Message
from taskguard.model.record import Status, TaskRecord
from taskguard.storage.queue import LaneQueues, TaskQueue
from taskguard.storage.store import Refused, TaskStore

GIVING_UP_FOR: Final = timedelta(days=1)
"""After so long, the dead letter of a task that was given up must be gone."""


@dataclass(frozen=True)
class Rescuer:
    """Gives messages to open tasks that have lost theirs.

    Parameters
    ----------
    message_life
        How long a message of the task queue can live, with some reserve.
    """

    store: TaskStore
    tasks: LaneQueues
    dead_letters: TaskQueue
    clock: Clock
    message_life: timedelta

    def needs_message(self, record: TaskRecord, *, assume_lost: bool = False) -> bool:
        """Tell whether nothing would wake an open task any more.

        Parameters
        ----------
        record
            As it was just read with strong consistency.
        assume_lost
            Its message is known to be gone, as after a purge: without a live lease and without a due time the
            task then needs a new one, however young it is.
        """
        now = self.clock()
        if record.is_settled:
            return False
        if record.status is Status.GIVING_UP:
            return assume_lost or record.updated_at + GIVING_UP_FOR < now
        if assume_lost:
            return not record.due_at and not record.has_live_lease(now)
        return record.is_stranded(now, self.message_life)

    def rescue(self, record: TaskRecord, *, assume_lost: bool = False) -> TaskRecord | None:
        """Send an open task's message anew if it needs one; None if it does not, or another run was faster.

        The message goes first, and is noted afterwards. A task that was given up gets its dead letter again,
        never a message on the task queue.

        Raises
        ------
        AwsError
            Table or queue failed; repeating is safe.
        """
        if not self.needs_message(record, assume_lost=assume_lost):
            return None
        if record.status is Status.GIVING_UP:
            self.dead_letters.send(Message.of(record, dead_letter=True))
            return record
        now = self.clock()
        delay = max(record.not_before - now, timedelta()) if record.not_before else timedelta()
        self.tasks.send(Message.of(record, sent_at=now), delay)
        try:
            return self.store.rescue(record, now)
        except Refused:  # somebody else sent one, or it has ended
            return None
