"""How many messages are in a queue."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class Depth:
    """SQS's approximate numbers of messages.

    Attributes
    ----------
    visible
        Ready to be received.
    in_flight
        Received and not deleted: being processed, or waiting for a retry.
    delayed
        Sent with a delay that is not over.
    """

    visible: int = 0
    in_flight: int = 0
    delayed: int = 0

    def __str__(self) -> str:
        """Write the three numbers for a progress line."""
        return f"queue: {self.visible} visible, {self.in_flight} in flight, {self.delayed} delayed"


def depth_of(client: "SQSClient", queue_url: str) -> Depth:
    """Ask SQS for a queue's depth."""
    answer = client.get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ],
    )
    numbers = {name: int(value) for name, value in answer["Attributes"].items()}
    return Depth(
        visible=numbers.get("ApproximateNumberOfMessages", 0),
        in_flight=numbers.get("ApproximateNumberOfMessagesNotVisible", 0),
        delayed=numbers.get("ApproximateNumberOfMessagesDelayed", 0),
    )
