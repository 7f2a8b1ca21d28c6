"""SQS standard queues in memory, on simulated time.

Rules followed (SQS Developer Guide, "Visibility timeout", "Dead-letter queues"; API reference,
DeleteMessage): a received message is hidden until its visibility timeout ends; each receive counts; one
received `maxReceiveCount` times goes to the dead-letter queue when it would be received again, keeping
its id. A receipt handle that is not the latest may or may not still work (DeleteMessage: "the message
might not be deleted"), so there are scenarios for both.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final, TypeAlias

from botocore.exceptions import ClientError

from taskguard.model.clock import Clock, to_millis

LONGEST_HIDDEN: Final = timedelta(hours=12)


@dataclass(slots=True)
class QueuedMessage:
    """A message in a queue.

    Parameters
    ----------
    sent_at
        Kept when the redrive policy moves the message.
    handles
        Receipt handles handed out, the latest last.
    """

    message_id: str
    body: str
    sent_at: datetime
    visible_at: datetime
    received_at: datetime | None = None
    received: int = 0
    handles: list[str] = field(default_factory=list)


@dataclass(slots=True)
class SimulatedQueue:
    """One queue.

    Parameters
    ----------
    max_receives, dead_letters
        The redrive policy; without one, messages are received for ever.
    stale_handles_work
        Whether a receipt handle still works after the message was received again.
    """

    url: str
    visibility_seconds: int
    max_receives: int | None = None
    dead_letters: "SimulatedQueue | None" = None
    stale_handles_work: bool = True
    messages: list[QueuedMessage] = field(default_factory=list)

    def find(self, handle: str) -> QueuedMessage | None:
        """Return the message that a receipt handle belongs to, if the handle still works."""
        usable = None if self.stale_handles_work else -1
        return next((m for m in self.messages if handle in m.handles[usable:]), None)


OnQueued: TypeAlias = Callable[[str, QueuedMessage], None]


class SimulatedSqs:
    """Queues by URL, with the calls of boto3's SQS client that the product and its poller make.

    Parameters
    ----------
    on_queued
        Told of each message that enters a queue, with the queue's URL: sent, moved or redriven.
    """

    def __init__(self, clock: Clock, queues: list[SimulatedQueue], on_queued: OnQueued) -> None:
        self._clock = clock
        self._queues = {queue.url: queue for queue in queues}
        self._ids, self._handles = count(1), count(1)
        self._on_queued = on_queued

    def __getitem__(self, url: str) -> SimulatedQueue:
        return self._queues[url]

    def send_message(self, **request: Any) -> dict[str, Any]:
        """Put a message on a queue."""
        now = self._clock()
        message = QueuedMessage(f"message-{next(self._ids)}", request["MessageBody"], now, now)
        self._put(self[request["QueueUrl"]], message)
        return {"MessageId": message.message_id}

    def receive_message(self, **request: Any) -> dict[str, Any]:
        """Hand out up to `MaxNumberOfMessages` visible messages, oldest first."""
        queue = self[request["QueueUrl"]]
        received: list[dict[str, Any]] = []
        for message in list(queue.messages):
            if len(received) == request["MaxNumberOfMessages"]:
                break
            if message.visible_at > self._clock():
                continue
            if queue.max_receives and message.received >= queue.max_receives:
                self._move(queue, message)
            else:
                received.append(self.hand_out(queue, message))
        return {"Messages": received}

    def hand_out(self, queue: SimulatedQueue, message: QueuedMessage) -> dict[str, Any]:
        """Count one receive of a message, hide it and return it as ReceiveMessage does."""
        message.received += 1
        message.received_at = self._clock()
        message.visible_at = self._clock() + timedelta(seconds=queue.visibility_seconds)
        message.handles.append(f"handle-{next(self._handles)}")
        return {
            "MessageId": message.message_id,
            "ReceiptHandle": message.handles[-1],
            "Body": message.body,
            "Attributes": {
                "ApproximateReceiveCount": str(message.received),
                "SentTimestamp": str(to_millis(message.sent_at)),
            },
        }

    def delete_message(self, **request: Any) -> dict[str, Any]:
        """Delete the message of a receipt handle; succeed if there is none as well."""
        queue = self[request["QueueUrl"]]
        if message := queue.find(request["ReceiptHandle"]):
            queue.messages.remove(message)
        return {}

    def change_message_visibility(self, **request: Any) -> dict[str, Any]:
        """Hide a received message for so long from now.

        Raises
        ------
        botocore.exceptions.ClientError
            The message is not in flight, or would be hidden for more than 12 hours in all.
        """
        message = self[request["QueueUrl"]].find(request["ReceiptHandle"])
        visible_at = self._clock() + timedelta(seconds=request["VisibilityTimeout"])
        if message is None or not self._may_hide(message, visible_at):
            raise _error("InvalidParameterValue", "ChangeMessageVisibility")
        message.visible_at = visible_at
        return {}

    def _may_hide(self, message: QueuedMessage, until: datetime) -> bool:
        in_flight = message.visible_at > self._clock()
        return in_flight and until <= (message.received_at or self._clock()) + LONGEST_HIDDEN

    def start_message_move_task(self, source: str, destination: str) -> None:
        """Send the messages of one queue to another, as new messages with new ids (SQS's own redrive)."""
        moved, self[source].messages = self[source].messages, []
        for message in moved:
            self.send_message(QueueUrl=destination, MessageBody=message.body)

    def _move(self, queue: SimulatedQueue, message: QueuedMessage) -> None:
        queue.messages.remove(message)
        message.handles.clear()
        if queue.dead_letters:
            self._put(queue.dead_letters, message)

    def _put(self, queue: SimulatedQueue, message: QueuedMessage) -> None:
        queue.messages.append(message)
        self._on_queued(queue.url, message)


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
