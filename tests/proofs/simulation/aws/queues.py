"""SQS standard queues in memory, on simulated time.

Rules followed (SQS Developer Guide, "Visibility timeout", "Dead-letter queues"; API reference,
DeleteMessage): a received message is hidden until its visibility timeout ends; each receive counts; one
received `maxReceiveCount` times goes to the dead-letter queue when it would be received again, keeping
its id. A receipt handle that is not the latest may or may not still work (DeleteMessage: "the message
might not be deleted"), so there are scenarios for both. What ends or hides messages is in `messages`.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import count
from typing import Any, Final, TypeAlias

from botocore.exceptions import ClientError

from taskguard.model.clock import Clock, to_millis
from tests.proofs.simulation.aws.messages import QueuedMessage, SimulatedQueue

LONGEST_HIDDEN: Final = timedelta(hours=12)
LONGEST_DELAY_SECONDS: Final = 900
MOST_IN_BATCH: Final = 10

OnQueued: TypeAlias = Callable[[str, QueuedMessage], None]
OnLost: TypeAlias = Callable[[str, QueuedMessage, str], None]
OnHidden: TypeAlias = Callable[[str, QueuedMessage, int], None]
OnDeleted: TypeAlias = Callable[[str, QueuedMessage], None]


class SimulatedSqs:
    """Queues by URL, with the calls of boto3's SQS client that the product and its poller make.

    Parameters
    ----------
    on_queued
        Told of each message that enters a queue, with the queue's URL: sent, moved or redriven.
    on_lost
        Told of each message that SQS removes by itself, and why: `expired` or `purged`.
    on_hidden
        Told of each received message that is hidden for another time, and for how many seconds from now.
    on_deleted
        Told of each message that somebody deletes.
    """

    def __init__(
        self,
        clock: Clock,
        queues: list[SimulatedQueue],
        on_queued: OnQueued,
        on_lost: OnLost = lambda *_: None,
        on_hidden: OnHidden = lambda *_: None,
        *,
        on_deleted: OnDeleted = lambda *_: None,
    ) -> None:
        self._clock = clock
        self._queues = {queue.url: queue for queue in queues}
        self._ids, self._handles = count(1), count(1)
        self._on_queued, self._on_lost, self._on_hidden = on_queued, on_lost, on_hidden
        self._on_deleted = on_deleted

    def __getitem__(self, url: str) -> SimulatedQueue:
        """Return a queue as it is now: without what has expired."""
        queue = self._queues[url]
        if queue.retention_seconds is not None:
            for message in queue.take_expired(self._clock()):
                self._on_lost(url, message, "expired")
        return queue

    def have(self, queues: Mapping[str, SimulatedQueue]) -> None:
        """Have these task queues, of which those that are there stay as they are, and no others.

        A queue that goes takes its messages with it.
        """
        before = {url: queue for url, queue in self._queues.items() if queue.dead_letters}
        for url in before.keys() - queues.keys():
            for message in self._queues.pop(url).messages:
                self._on_lost(url, message, "queue deleted")
        self._queues |= {url: before.get(url, queue) for url, queue in queues.items()}

    def send_message(self, **request: Any) -> dict[str, Any]:
        """Put a message on a queue, where it is delayed for `DelaySeconds` (0 to 900).

        Raises
        ------
        botocore.exceptions.ClientError
            It would be delayed for longer.
        """
        now, delay = self._clock(), request.get("DelaySeconds", 0)
        if not 0 <= delay <= LONGEST_DELAY_SECONDS:
            reason = f"DelaySeconds must be >= 0 and <= {LONGEST_DELAY_SECONDS}."
            raise _invalid("SendMessage", delay, "DelaySeconds", reason)
        visible_at = now + timedelta(seconds=delay)
        message = QueuedMessage(f"message-{next(self._ids)}", request["MessageBody"], now, visible_at)
        self._put(self[request["QueueUrl"]], message)
        return {"MessageId": message.message_id}

    def receive_message(self, **request: Any) -> dict[str, Any]:
        """Hand out up to `MaxNumberOfMessages` visible messages, oldest first.

        Never more than may be in flight, and none at that limit, without an error: that is how AWS answers
        long polls, and Lambda's poller makes no others (SQS Developer Guide, "Queue quotas").
        """
        queue, now = self[request["QueueUrl"]], self._clock()
        free = queue.free_places(now)
        most = request["MaxNumberOfMessages"] if free is None else min(free, request["MaxNumberOfMessages"])
        received: list[dict[str, Any]] = []
        for message in list(queue.messages):
            if len(received) == most:
                break
            if message.visible_at > now:
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
        """Delete the message of a receipt handle; succeed if there is none (any more) as well."""
        queue = self[request["QueueUrl"]]
        if message := queue.find(request["ReceiptHandle"]):
            queue.messages.remove(message)
            self._on_deleted(queue.url, message)
        return {}

    def change_message_visibility(self, **request: Any) -> dict[str, Any]:
        """Hide a received message for so long from now.

        Raises
        ------
        botocore.exceptions.ClientError
            The message is gone or not in flight, or would be hidden for more than 12 hours in all.
        """
        seconds, handle = request["VisibilityTimeout"], request["ReceiptHandle"]
        message = self[request["QueueUrl"]].find(handle)
        if message is None or not message.is_in_flight(self._clock()):
            reason = "Message does not exist or is not available for visibility timeout change."
            raise _invalid("ChangeMessageVisibility", handle, "ReceiptHandle", reason)
        visible_at = self._clock() + timedelta(seconds=seconds)
        if visible_at > (message.received_at or self._clock()) + LONGEST_HIDDEN:
            reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
            raise _invalid("ChangeMessageVisibility", seconds, "VisibilityTimeout", reason)
        message.visible_at = visible_at
        self._on_hidden(request["QueueUrl"], message, seconds)
        return {}

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        """Send up to ten messages; each succeeds or fails for itself."""
        return _batch(request, "SendMessageBatch", self.send_message)

    def delete_message_batch(self, **request: Any) -> dict[str, Any]:
        """Delete up to ten messages; each succeeds or fails for itself."""
        return _batch(request, "DeleteMessageBatch", self.delete_message)

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:
        """Hide up to ten messages for another time; each succeeds or fails for itself."""
        return _batch(request, "ChangeMessageVisibilityBatch", self.change_message_visibility)

    def get_queue_attributes(self, **request: Any) -> dict[str, Any]:
        """Return how many messages are visible, in flight and delayed; AWS's figures are approximate."""
        queue, now = self[request["QueueUrl"]], self._clock()
        hidden, delayed = len(queue.in_flight(now)), sum(m.is_delayed(now) for m in queue.messages)
        figures = {
            "ApproximateNumberOfMessages": len(queue.messages) - hidden - delayed,
            "ApproximateNumberOfMessagesNotVisible": hidden,
            "ApproximateNumberOfMessagesDelayed": delayed,
        }
        return {"Attributes": {name: str(figure) for name, figure in figures.items()}}

    def purge_queue(self, **request: Any) -> dict[str, Any]:
        """Remove every message, hidden or not."""
        queue = self[request["QueueUrl"]]
        purged, queue.messages, queue.purged_at = queue.messages, [], self._clock()
        for message in purged:
            self._on_lost(queue.url, message, "purged")
        return {}

    def start_message_move_task(self, source: str, destination: str) -> None:
        """Send the messages of one queue to another, as new messages with new ids (SQS's own redrive)."""
        queue = self[source]
        moved, queue.messages = queue.messages, []
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
        if queue.is_being_purged(self._clock()):
            queue.messages.remove(message)
            self._on_lost(queue.url, message, "purged")


def _batch(
    request: Mapping[str, Any], operation: str, call: Callable[..., Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what a batch call answers that makes one call for each of its entries."""
    if not 1 <= len(request["Entries"]) <= MOST_IN_BATCH:
        raise _error("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "1 to 10 entries", operation)
    answer: dict[str, list[dict[str, Any]]] = {"Successful": [], "Failed": []}
    for entry in request["Entries"]:
        try:
            result = call(QueueUrl=request["QueueUrl"], **entry)
        except ClientError as error:
            answer["Failed"].append({"Id": entry["Id"], "SenderFault": True, **error.response["Error"]})
        else:
            answer["Successful"].append({"Id": entry["Id"], **result})
    return answer


def _invalid(operation: str, value: object, parameter: str, reason: str) -> ClientError:
    message = f"Value {value} for parameter {parameter} is invalid. Reason: {reason}"
    return _error("InvalidParameterValue", message, operation)


def _error(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
