"""What the queues in memory and moto's have in common: the rules of SQS that the runs rely on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import boto3
import moto.sqs.models
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from taskguard.model.clock import to_millis
from tests.proofs.simulation.aws.queues import SimulatedQueue, SimulatedSqs
from tests.support.aws_in_process import MovableClock

VISIBILITY = 30
MAX_RECEIVES = 2


@dataclass
class Queues:
    """A task queue with its dead-letter queue, behind one client."""

    client: Any
    clock: MovableClock
    tasks: str
    dead_letters: str

    def send(self, body: str = "x") -> str:
        return str(self.client.send_message(QueueUrl=self.tasks, MessageBody=body)["MessageId"])

    def receive(self, url: str = "", most: int = 10) -> list[Any]:
        answer = self.client.receive_message(
            QueueUrl=url or self.tasks, MaxNumberOfMessages=most, AttributeNames=["All"]
        )
        return list(answer.get("Messages", []))

    def delete(self, message: Any) -> None:
        self.client.delete_message(QueueUrl=self.tasks, ReceiptHandle=message["ReceiptHandle"])

    def hide(self, message: Any, seconds: int) -> None:
        self.client.change_message_visibility(
            QueueUrl=self.tasks, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds
        )

    def wait(self, seconds: int = VISIBILITY) -> None:
        self.clock.advance(seconds + 1)


def _memory() -> Iterator[Queues]:
    clock = MovableClock()
    dead_letters = SimulatedQueue("dead-letters", VISIBILITY)
    tasks = SimulatedQueue("tasks", VISIBILITY, MAX_RECEIVES, dead_letters)
    client = SimulatedSqs(clock, [tasks, dead_letters], lambda *_: None)
    yield Queues(client, clock, "tasks", "dead-letters")


def _moto() -> Iterator[Queues]:
    clock = MovableClock()
    sqs = moto.sqs.models
    with (
        mock_aws(),
        patch.object(sqs, "unix_time_millis", lambda: to_millis(clock())),
        patch.object(sqs, "unix_time", lambda: clock().timestamp()),
    ):
        client: Any = boto3.client("sqs", region_name="us-east-1")
        attributes = {"VisibilityTimeout": str(VISIBILITY)}
        dead_letters = client.create_queue(QueueName="dead-letters", Attributes=attributes)["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:123456789012:dead-letters"
        policy = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": {MAX_RECEIVES}}}'
        attributes = attributes | {"RedrivePolicy": policy}
        tasks = client.create_queue(QueueName="tasks", Attributes=attributes)["QueueUrl"]
        yield Queues(client, clock, tasks, dead_letters)


@pytest.fixture(params=[_memory, _moto], ids=["memory", "moto"])
def queues(request: pytest.FixtureRequest) -> Iterator[Queues]:
    made: Callable[[], Iterator[Queues]] = request.param
    yield from made()


def test_a_received_message_is_hidden_until_its_visibility_timeout_ends(queues: Queues) -> None:
    sent = queues.send("body")
    (message,) = queues.receive()
    assert (message["MessageId"], message["Body"]) == (sent, "body")
    assert queues.receive() == []
    queues.wait()
    assert [m["MessageId"] for m in queues.receive()] == [sent]


def test_each_receive_counts_and_the_time_of_sending_stays(queues: Queues) -> None:
    queues.wait(5)
    queues.send()
    sent_at = str(to_millis(queues.clock()))
    (first,) = queues.receive()
    queues.wait()
    (second,) = queues.receive()
    counts = [m["Attributes"]["ApproximateReceiveCount"] for m in (first, second)]
    assert counts == ["1", "2"]
    assert {m["Attributes"]["SentTimestamp"] for m in (first, second)} == {sent_at}
    assert first["ReceiptHandle"] != second["ReceiptHandle"]


def test_a_deleted_message_never_comes_back_and_may_be_deleted_twice(queues: Queues) -> None:
    queues.send()
    (message,) = queues.receive()
    queues.delete(message)
    queues.delete(message)
    queues.wait()
    assert queues.receive() == []


def test_a_receipt_handle_may_still_work_after_the_next_receive(queues: Queues) -> None:
    queues.send()
    (first,) = queues.receive()
    queues.wait()
    queues.receive()
    queues.delete(first)
    queues.wait()
    assert queues.receive() == []


@pytest.mark.parametrize("seconds", [0, 5, 600])
def test_a_message_can_be_hidden_for_another_time(queues: Queues, seconds: int) -> None:
    queues.send()
    (message,) = queues.receive()
    queues.hide(message, seconds)
    if seconds:
        queues.clock.advance(seconds - 1)
        assert queues.receive() == []
    queues.wait(1)
    assert len(queues.receive()) == 1


def test_a_deleted_message_cannot_be_hidden(queues: Queues) -> None:
    queues.send()
    (message,) = queues.receive()
    queues.delete(message)
    with pytest.raises(ClientError):
        queues.hide(message, 5)


def test_no_message_is_hidden_for_over_twelve_hours(queues: Queues) -> None:
    queues.send()
    (message,) = queues.receive()
    queues.wait(5)
    with pytest.raises(ClientError):
        queues.hide(message, 43_200)


def test_a_message_received_too_often_goes_to_the_dead_letter_queue_as_it_was(queues: Queues) -> None:
    sent = queues.send("body")
    for _ in range(MAX_RECEIVES):
        (message,) = queues.receive()
        queues.wait()
    assert queues.receive() == []
    (letter,) = queues.receive(queues.dead_letters)
    assert (letter["MessageId"], letter["Body"]) == (sent, "body")
    assert letter["Attributes"]["SentTimestamp"] == message["Attributes"]["SentTimestamp"]


def test_no_more_messages_are_received_than_asked_for(queues: Queues) -> None:
    for _ in range(3):
        queues.send()
    assert len(queues.receive(most=2)) == 2
    assert len(queues.receive(most=2)) == 1
