"""An SQS queue of task messages."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from taskguard.model.message import Message
from taskguard.model.retry import MAX_WAIT_SECONDS
from taskguard.storage.aws import unavailable_as_error

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class TaskQueue:
    """Sends messages to one queue and hides received ones; every method may raise `Unavailable`."""

    client: "SQSClient"
    url: str

    def send(self, message: Message) -> None:
        """Put a message on the queue; sending it twice is safe, the claim drops the duplicate."""
        with unavailable_as_error("SendMessage"):
            self.client.send_message(QueueUrl=self.url, MessageBody=message.body())

    def hide(self, receipt_handle: str, seconds: int) -> None:
        """Deliver a received message again after so many seconds, 0 to 42,300 (cut to that range)."""
        with unavailable_as_error("ChangeMessageVisibility"):
            self.client.change_message_visibility(
                QueueUrl=self.url,
                ReceiptHandle=receipt_handle,
                VisibilityTimeout=min(max(seconds, 0), MAX_WAIT_SECONDS),
            )
