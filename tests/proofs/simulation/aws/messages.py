"""A queue's messages and where each of them is: visible, delayed, in flight, or gone.

Rules followed (SQS Developer Guide, "Visibility timeout", "Dead-letter queues", "Delay queues", "Queue
quotas"): a message in flight was received and is hidden; one that was sent with a delay is hidden, but not in
flight. A message ends when it is as old as the queue keeps messages, in flight or not, and nothing moves it
to the dead-letter queue then. Its age counts from when it was first sent, also in the dead-letter queue that
the redrive policy moved it to; a message that somebody sends anew begins a new life.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

PURGE_SECONDS: Final = 60
"""How long after PurgeQueue a message that is sent may still be taken (API reference, PurgeQueue)."""


@dataclass(slots=True)
class QueuedMessage:
    """A message in a queue.

    Parameters
    ----------
    sent_at
        Kept when the redrive policy moves the message.
    handles
        Receipt handles handed out by this queue, the latest last.
    """

    message_id: str
    body: str
    sent_at: datetime
    visible_at: datetime
    received_at: datetime | None = None
    received: int = 0
    handles: list[str] = field(default_factory=list)

    def is_in_flight(self, now: datetime) -> bool:
        """Return whether the message was received and is hidden."""
        return bool(self.handles) and self.visible_at > now

    def is_delayed(self, now: datetime) -> bool:
        """Return whether the message is hidden without having been received."""
        return not self.handles and self.visible_at > now


@dataclass(slots=True)
class SimulatedQueue:
    """One queue.

    Parameters
    ----------
    max_receives, dead_letters
        The redrive policy; without one, messages are received for ever.
    stale_handles_work
        Whether a receipt handle still works after the message was received again.
    retention_seconds
        How old a message gets; None if it is kept for ever, which no queue of AWS's does.
    most_in_flight
        At so many messages in flight a receive hands out nothing, without an error (AWS: about 120,000);
        None if there is no limit.
    purge_takes_what_follows
        Whether a purge also takes what is sent in the minute after it; AWS leaves it open.
    """

    url: str
    visibility_seconds: int
    max_receives: int | None = None
    dead_letters: "SimulatedQueue | None" = None
    stale_handles_work: bool = True
    retention_seconds: float | None = None
    most_in_flight: int | None = None
    purge_takes_what_follows: bool = False
    messages: list[QueuedMessage] = field(default_factory=list)
    purged_at: datetime | None = None

    def find(self, handle: str) -> QueuedMessage | None:
        """Return the message that a receipt handle belongs to, if the handle still works."""
        usable = None if self.stale_handles_work else -1
        return next((m for m in self.messages if handle in m.handles[usable:]), None)

    def take_expired(self, now: datetime) -> list[QueuedMessage]:
        """Remove and return the messages that are older than the retention."""
        if self.retention_seconds is None:
            return []
        kept_since = now - timedelta(seconds=self.retention_seconds)
        expired = [message for message in self.messages if message.sent_at <= kept_since]
        if expired:
            self.messages = [message for message in self.messages if message.sent_at > kept_since]
        return expired

    def is_being_purged(self, now: datetime) -> bool:
        """Return whether a purge takes what is sent now."""
        purged = self.purged_at
        return (
            self.purge_takes_what_follows
            and purged is not None
            and now < purged + timedelta(seconds=PURGE_SECONDS)
        )

    def in_flight(self, now: datetime) -> list[QueuedMessage]:
        """Return the messages that count against `most_in_flight`: received and hidden, for whatever reason.

        Each is hidden until its `visible_at`.
        """
        return [message for message in self.messages if message.is_in_flight(now)]

    def free_places(self, now: datetime) -> int | None:
        """Return how many more messages may be in flight; None if there is no limit."""
        if self.most_in_flight is None:
            return None
        return max(0, self.most_in_flight - len(self.in_flight(now)))

    def offers(self, now: datetime) -> bool:
        """Return whether a receive would find a message, to hand out or to move to the dead-letter queue."""
        return any(message.visible_at <= now for message in self.messages) and self.free_places(now) != 0

    def next_offers(self, now: datetime) -> Iterator[datetime]:
        """Yield the moments at which a receive may find a message; in the past for what it finds now."""
        full = self.free_places(now) == 0
        return (m.visible_at for m in self.messages if m.visible_at > now or not full)
