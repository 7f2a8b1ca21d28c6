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
from tests.proofs.simulation.aws.messages import SimulatedQueue
from tests.proofs.simulation.aws.queues import SimulatedSqs
from tests.support.aws_in_process import MovableClock

VISIBILITY = 30
RETENTION, DEAD_LETTER_RETENTION = 3600, 7200
MAX_RECEIVES = 2


_FIGURES = ("", "NotVisible", "Delayed")


@dataclass
class Queues:
    """A task queue with its dead-letter queue, behind one client."""

    client: Any
    clock: MovableClock
    tasks: str
    dead_letters: str

    def send(self, body: str = "x", delay: int = 0) -> str:
        answer = self.client.send_message(QueueUrl=self.tasks, MessageBody=body, DelaySeconds=delay)
        return str(answer["MessageId"])

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

    def figures(self) -> list[int]:
        """Return how many messages are visible, in flight and delayed."""
        answer = self.client.get_queue_attributes(QueueUrl=self.tasks, AttributeNames=["All"])
        return [int(answer["Attributes"][f"ApproximateNumberOfMessages{kind}"]) for kind in _FIGURES]

    def wait(self, seconds: int = VISIBILITY) -> None:
        self.clock.advance(seconds + 1)


def _memory() -> Iterator[Queues]:
    clock = MovableClock()
    dead_letters = SimulatedQueue("dead-letters", VISIBILITY, retention_seconds=DEAD_LETTER_RETENTION)
    tasks = SimulatedQueue("tasks", VISIBILITY, MAX_RECEIVES, dead_letters, retention_seconds=RETENTION)
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
        kept = {"MessageRetentionPeriod": str(DEAD_LETTER_RETENTION)}
        dead_letters = client.create_queue(QueueName="dead-letters", Attributes=attributes | kept)["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:123456789012:dead-letters"
        policy = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": {MAX_RECEIVES}}}'
        attributes |= {"RedrivePolicy": policy, "MessageRetentionPeriod": str(RETENTION)}
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


def test_a_message_ends_with_its_retention_however_often_it_was_received(queues: Queues) -> None:
    queues.send()
    queues.wait(RETENTION - 120)
    assert len(queues.receive()) == 1
    queues.wait(60)
    queues.send("anew")
    queues.wait(120)
    # moto ends a receive at a message that has expired, and goes on at the next one.
    assert [message["Body"] for message in queues.receive() + queues.receive()] == ["anew"]


def test_the_dead_letter_queue_counts_from_when_a_message_was_first_sent(queues: Queues) -> None:
    queues.send()
    for _ in range(MAX_RECEIVES):
        queues.receive()
        queues.wait()
    queues.wait(RETENTION - 200)
    queues.receive()  # moves it
    queues.wait(DEAD_LETTER_RETENTION - RETENTION)
    assert len(queues.receive(queues.dead_letters)) == 1
    queues.wait(300)
    assert queues.receive(queues.dead_letters) == []


def test_the_handle_of_an_expired_message_deletes_but_does_not_hide() -> None:
    (queues,) = _memory()  # moto lets it be hidden; the words are SQS's
    queues.send()
    queues.wait(RETENTION - 10)
    (message,) = queues.receive()
    queues.wait(10)
    with pytest.raises(ClientError, match="Reason: Message does not exist or is not available") as refused:
        queues.hide(message, 5)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    queues.delete(message)


def test_a_message_that_came_back_cannot_be_hidden_before_it_is_received_again() -> None:
    (queues,) = _memory()  # moto hides it; see the errors of ChangeMessageVisibility
    queues.send()
    (message,) = queues.receive()
    queues.wait()
    with pytest.raises(ClientError, match="not available for visibility timeout change"):
        queues.hide(message, 5)


def test_a_message_in_flight_ends_with_its_retention_too() -> None:
    (queues,) = _memory()
    queues.send()
    (message,) = queues.receive()
    queues.hide(message, RETENTION + 600)
    queues.wait(RETENTION)
    assert queues.figures() == [0, 0, 0]
    queues.wait(600)
    assert queues.receive() == []
    assert queues.receive(queues.dead_letters) == []


def test_a_delayed_message_comes_after_its_delay_and_was_never_received(queues: Queues) -> None:
    queues.send(delay=900)
    assert queues.figures() == [0, 0, 1]
    queues.clock.advance(899)
    assert queues.receive() == []
    queues.wait(1)
    assert queues.figures() == [1, 0, 0]
    (message,) = queues.receive()
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert queues.figures() == [0, 1, 0]


@pytest.mark.parametrize("delay", [901, 3600])
def test_nothing_is_delayed_for_over_fifteen_minutes(queues: Queues, delay: int) -> None:
    with pytest.raises(ClientError, match="DelaySeconds must be >= 0 and <= 900") as refused:
        queues.send(delay=delay)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert queues.figures() == [0, 0, 0]


def test_a_purge_takes_everything(queues: Queues) -> None:
    for delay in (0, 0, 60):
        queues.send(delay=delay)
    queues.receive(most=1)
    queues.client.purge_queue(QueueUrl=queues.tasks)
    queues.wait(120)
    assert queues.receive() == []


def test_a_purge_need_not_take_what_is_sent_after_it(queues: Queues) -> None:
    queues.client.purge_queue(QueueUrl=queues.tasks)
    queues.send("later")
    assert len(queues.receive()) == 1


def test_a_purge_may_take_what_is_sent_in_the_next_minute() -> None:
    (queues,) = _memory()
    queues.client[queues.tasks].purge_takes_what_follows = True
    queues.client.purge_queue(QueueUrl=queues.tasks)
    queues.clock.advance(59)
    assert queues.send("too early")
    queues.clock.advance(1)
    queues.send("late enough")
    assert [message["Body"] for message in queues.receive()] == ["late enough"]


def test_at_most_so_many_messages_are_in_flight_and_then_none_is_received() -> None:
    (queues,) = _memory()  # moto has no such limit
    queues.client[queues.tasks].most_in_flight = 2
    for delay in (0, 0, 0, 5):
        queues.send(delay=delay)
    first, _ = queues.receive()
    assert queues.receive() == []
    assert not queues.client[queues.tasks].offers(queues.clock())
    queues.delete(first)
    assert len(queues.receive()) == 1
    queues.wait(5)
    assert queues.figures() == [1, 2, 0]
    assert queues.receive() == []
    queues.wait()
    assert len(queues.receive()) == 2


def test_the_entries_of_a_batch_succeed_or_fail_each_for_itself(queues: Queues) -> None:
    client, url = queues.client, queues.tasks
    entries = [
        {"Id": "now", "MessageBody": "now"},
        {"Id": "soon", "MessageBody": "soon", "DelaySeconds": 5},
        {"Id": "never", "MessageBody": "never", "DelaySeconds": 901},
    ]
    sent = client.send_message_batch(QueueUrl=url, Entries=entries)
    assert _ids(sent, "Successful") == ["now", "soon"]
    assert [(e["Id"], e["Code"]) for e in sent["Failed"]] == [("never", "InvalidParameterValue")]
    queues.wait(5)
    handles = [{"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"]} for m in queues.receive()]
    hidden = [entry | {"VisibilityTimeout": 600} for entry in handles]
    answer = client.change_message_visibility_batch(QueueUrl=url, Entries=hidden)
    assert _ids(answer, "Successful") == ["now", "soon"]
    queues.wait()
    assert queues.figures() == [0, 2, 0]
    assert _ids(client.delete_message_batch(QueueUrl=url, Entries=handles), "Successful") == ["now", "soon"]
    assert queues.figures() == [0, 0, 0]


def test_a_batch_has_ten_entries_at_most(queues: Queues) -> None:
    entries = [{"Id": str(n), "MessageBody": "x"} for n in range(11)]
    with pytest.raises(ClientError) as refused:
        queues.client.send_message_batch(QueueUrl=queues.tasks, Entries=entries)
    code = refused.value.response["Error"]["Code"]
    assert code == "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"


def _ids(answer: Any, outcome: str) -> list[str]:
    return [entry["Id"] for entry in answer.get(outcome, [])]


def test_what_is_sent_on_by_hand_begins_a_new_life() -> None:
    (queues,) = _memory()
    queues.client.send_message(QueueUrl=queues.dead_letters, MessageBody="x")
    queues.wait(DEAD_LETTER_RETENTION - 60)
    queues.client.start_message_move_task(queues.dead_letters, queues.tasks)
    queues.wait(RETENTION - 60)
    assert len(queues.receive()) == 1
