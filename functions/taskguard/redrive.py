"""Redrive and discard: what an operator does with a dead letter, safe to interrupt and to repeat."""

from dataclasses import dataclass

from taskguard.model.clock import Clock
from taskguard.model.message import Message
from taskguard.model.record import Status, TaskRecord
from taskguard.storage.queue import LaneQueues
from taskguard.storage.store import Refused, TaskStore


@dataclass(frozen=True)
class Redriver:
    """Sends dead letters again, or ends them; both may raise `AwsError`, and are safe to repeat."""

    store: TaskStore
    queue: LaneQueues
    clock: Clock

    def redrive(self, record: TaskRecord) -> bool:
        """Queue a dead letter again as its next generation; False if it is no dead letter any more.

        The message goes first: an interruption then leaves a message that a worker claims, and the
        record follows; the other way round would leave a record that nothing wakes.
        """
        if record.status is not Status.DEAD_LETTERED:
            return False
        now = self.clock()
        self.queue.send(Message.of(record, generation=record.generation + 1, sent_at=now))
        try:
            self.store.redrive(record, now)
        except Refused as refused:  # a worker was faster, or another redrive
            return refused.record is not None and refused.record.generation > record.generation
        return True

    def discard(self, record: TaskRecord, reason: str) -> bool:
        """End a dead letter as CANCELLED, with a reason; False if it is no dead letter any more."""
        if record.status is not Status.DEAD_LETTERED:
            return False
        try:
            self.store.cancel(record, reason, self.clock())
        except Refused as refused:  # redriven, or discarded by somebody else
            return refused.record is not None and refused.record.status is Status.CANCELLED
        return True
