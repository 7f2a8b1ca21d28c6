"""An SQS queue of task messages."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from taskguard.kinds import DEFAULT_LANE, Kinds
from taskguard.model.message import Message
from taskguard.model.retry import LONGEST_DELAY, MAX_HIDE_SECONDS
from taskguard.storage.aws import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_BATCH_ENTRIES: Final = 10
"""Most messages that one call deletes."""


def message_life(retention_days: float) -> timedelta:
    """Return how long a message can live: the queue's retention, and an hour for late clocks."""
    return timedelta(days=retention_days, hours=1)


@dataclass(frozen=True)
class TaskQueue:
    """Sends messages to one queue, and hides and deletes received ones.

    Every method raises `Unavailable` or `AwsRefused` if the call fails.
    """

    client: "SQSClient"
    url: str

    def send(self, message: Message, delay: timedelta = timedelta()) -> None:
        """Put a message on the queue; sending it twice is safe, the claim drops the duplicate.

        Parameters
        ----------
        delay
            How long nobody receives it, at most 15 minutes (cut to that). A delayed message is not in flight.
        """
        self.send_body(message.body(), delay)

    def send_body(self, body: str, delay: timedelta = timedelta()) -> None:
        """Put a body on the queue as it was received; see `send`."""
        with aws_errors("SendMessage"):
            self.client.send_message(
                QueueUrl=self.url, MessageBody=body, DelaySeconds=_seconds(min(delay, LONGEST_DELAY))
            )

    def hide(self, receipt_handle: str, wait: timedelta) -> None:
        """Deliver a received message again after a wait of 0 to 42,300 s (cut to that range).

        Raises
        ------
        MessageGone
            It is not in flight any more: it expired, was purged, or was received again.
        """
        with aws_errors("ChangeMessageVisibility"):
            self.client.change_message_visibility(
                QueueUrl=self.url,
                ReceiptHandle=receipt_handle,
                VisibilityTimeout=min(_seconds(wait), MAX_HIDE_SECONDS),
            )

    def delete(self, receipt_handles: Sequence[str]) -> None:
        """Delete received messages; one that cannot be deleted comes back."""
        for start in range(0, len(receipt_handles), MAX_BATCH_ENTRIES):
            with aws_errors("DeleteMessageBatch"):
                self.client.delete_message_batch(
                    QueueUrl=self.url,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": handle}
                        for number, handle in enumerate(receipt_handles[start : start + MAX_BATCH_ENTRIES])
                    ],
                )


@dataclass(frozen=True)
class LaneQueues:
    """The task queues of all lanes: what is sent finds the lane of its kind.

    Parameters
    ----------
    urls
        The queues' URLs, by lane; the default lane is always there.
    """

    client: "SQSClient"
    urls: Mapping[str, str]
    kinds: Kinds

    def lane(self, name: str) -> TaskQueue:
        """Return the queue of a lane; of one that has none any more, the default lane's."""
        return TaskQueue(self.client, self.urls.get(name) or self.urls[DEFAULT_LANE])

    def send(self, message: Message, delay: timedelta = timedelta()) -> None:
        """Put a message on the queue of its kind's lane; see `TaskQueue.send`."""
        self.lane(self.kinds.lane_of(message.kind)).send(message, delay)


def _seconds(wait: timedelta) -> int:
    """Return whole seconds, rounded up: a message must not come before its time."""
    return max(math.ceil(wait.total_seconds()), 0)
