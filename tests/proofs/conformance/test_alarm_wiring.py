"""An alarm's way on the emulator: from its state, over the topic, to a queue in a person's place."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import boto3
import pytest

from local.cloud import local_cloud
from tests.support.local_processes import becomes_true

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.emulator


@dataclass
class Inbox:
    """A queue that is subscribed to the alarm topic, and the alarms that report to it."""

    cloudwatch: "CloudWatchClient"
    sqs: "SQSClient"
    url: str

    @property
    def alarms(self) -> list[str]:
        """Names of all alarms."""
        pages = self.cloudwatch.get_paginator("describe_alarms").paginate()
        return sorted(alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"])

    @property
    def standing(self) -> list[str]:
        """Names of those that tell when the trouble is over."""
        pages = self.cloudwatch.get_paginator("describe_alarms").paginate()
        return sorted(
            each["AlarmName"] for page in pages for each in page["MetricAlarms"] if each["OKActions"]
        )

    def read(self, wanted: int) -> list[dict[str, Any]]:
        """Return so many messages of the topic, or those that came before the deadline."""
        read: list[dict[str, Any]] = []

        def all_read() -> bool:
            read.extend(self._receive())
            return len(read) >= wanted

        becomes_true(all_read)
        return read

    def _receive(self) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        messages = answer.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(json.loads(message["Body"])["Message"]) for message in messages]


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    """Yield the inbox of a local cloud's alarms."""
    outputs_file = tmp_path_factory.mktemp("outputs") / "outputs.json"
    with local_cloud(outputs_file=outputs_file) as outputs:
        session = boto3.Session("test", "test", region_name="us-east-1")
        endpoint = outputs["awsEndpointUrl"]
        sqs = session.client("sqs", endpoint_url=endpoint)
        url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        session.client("sns", endpoint_url=endpoint).subscribe(
            TopicArn=outputs["alarmTopicArn"], Protocol="sqs", Endpoint=attributes["QueueArn"]
        )
        yield Inbox(session.client("cloudwatch", endpoint_url=endpoint), sqs, url)


@pytest.mark.parametrize("state", ["ALARM", "OK"])
def test_every_alarm_tells_the_topic(inbox: Inbox, state: Literal["ALARM", "OK"]) -> None:
    names = inbox.alarms if state == "ALARM" else inbox.standing
    assert len(names) >= 12
    for name in inbox.alarms:
        inbox.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="rehearsal")
    told = inbox.read(len(names))
    assert sorted(message["AlarmName"] for message in told) == names
    assert {message["NewStateValue"] for message in told} == {state}
