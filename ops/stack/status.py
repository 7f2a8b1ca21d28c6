"""How a stack stands: its queues, deliveries, dead letters and alarms."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ops.console import print_table
from ops.stack.deliveries import ENABLED, mapping_of
from ops.tasks import count_dead_letters
from taskguard.kinds import DEFAULT_LANE
from taskguard.model.clock import to_text
from taskguard.storage.indexes import DeadLetters

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sqs import SQSClient
    from rich.console import Console

    from ops.stack.aws import Aws


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
        Sent with a delay that has not passed.
    """

    visible: int = 0
    in_flight: int = 0
    delayed: int = 0

    def __str__(self) -> str:
        """Write the three numbers in one line."""
        return f"queue: {self.visible} visible, {self.in_flight} in flight, {self.delayed} delayed"


def depth_of(client: "SQSClient", queue_url: str) -> Depth:
    """Return how many messages a queue holds."""
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


def depth_of_all(client: "SQSClient", queue_urls: Iterable[str]) -> Depth:
    """Return how many messages several queues hold together."""
    depths = [depth_of(client, url) for url in queue_urls]
    return Depth(
        sum(each.visible for each in depths),
        sum(each.in_flight for each in depths),
        sum(each.delayed for each in depths),
    )


@dataclass(frozen=True)
class ActiveAlarm:
    """An alarm in state ALARM, with the reason that CloudWatch gives."""

    name: str
    reason: str


def active_alarms(client: "CloudWatchClient", topic_arn: str) -> list[ActiveAlarm]:
    """Return the stack's alarms in state ALARM; they are known by the topic that they report to."""
    pages = client.get_paginator("describe_alarms").paginate(
        ActionPrefix=topic_arn, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    found = [
        alarm for page in pages for alarm in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", []))
    ]
    return [
        ActiveAlarm(alarm["AlarmName"], alarm.get("StateReason", ""))
        for alarm in found
        if alarm["StateValue"] == "ALARM" and topic_arn in alarm.get("AlarmActions", [])
    ]


@dataclass(frozen=True)
class LaneHealth:
    """The depth of a lane's task queue, and the state of its event source mapping."""

    depth: Depth
    deliveries: str


@dataclass(frozen=True)
class Health:
    """A stack's queues, deliveries, dead letters and alarms.

    Attributes
    ----------
    lanes
        Each lane's task queue and deliveries, the default lane first.
    dead_letter_queue
        Its depth. Lambda drains all queues: messages that stay there mean trouble.
    dead_letter_deliveries
        State of its event source mapping.
    dead_letters
        How many tasks are DEAD_LETTERED, and since when the oldest is.
    alarms
        Those in state ALARM.
    """

    lanes: dict[str, LaneHealth]
    dead_letter_queue: Depth
    dead_letter_deliveries: str
    dead_letters: DeadLetters
    alarms: list[ActiveAlarm]

    def document(self) -> dict[str, Any]:
        """Make the JSON report."""
        lanes = {name: _depth(lane.depth, lane.deliveries) for name, lane in self.lanes.items()}
        return {
            "taskQueue": lanes[DEFAULT_LANE],
            "lanes": lanes,
            "deadLetterQueue": _depth(self.dead_letter_queue, self.dead_letter_deliveries),
            "deadLetters": self.dead_letters.count,
            "oldestDeadLetterAt": self.dead_letters.oldest and to_text(self.dead_letters.oldest),
            "alarms": [asdict(alarm) for alarm in self.alarms],
        }


def health_of(aws: "Aws") -> Health:
    """Ask the stack's services how it stands."""
    outputs, functions = aws.outputs, aws.outputs.function_names
    return Health(
        lanes={
            lane: LaneHealth(
                depth_of(aws.sqs, outputs.task_queue_urls[lane]),
                mapping_of(aws.lambda_, outputs.process_task(lane), outputs.task_queue_urls[lane]).state,
            )
            for lane in outputs.lanes()
        },
        dead_letter_queue=depth_of(aws.sqs, outputs.dead_letter_queue_url),
        dead_letter_deliveries=mapping_of(
            aws.lambda_, functions["monitor_dlq"], outputs.dead_letter_queue_url
        ).state,
        dead_letters=count_dead_letters(aws.dynamodb, outputs.tasks_table_name),
        alarms=active_alarms(aws.cloudwatch, outputs.alarm_topic_arn),
    )


def print_health(console: "Console", health: Health) -> None:
    """Print a stack's health as a table, with what to do about it."""
    table = Table(header_style="bold")
    for heading in ("queue", "visible", "in flight", "delayed", "deliveries"):
        table.add_column(heading, justify="left" if heading in {"queue", "deliveries"} else "right")
    for name, lane in health.lanes.items():
        title = "tasks" if name == DEFAULT_LANE else f"tasks ({name})"
        table.add_row(title, *_cells(lane.depth), lane.deliveries)
    table.add_row("dead letters", *_cells(health.dead_letter_queue), health.dead_letter_deliveries)
    print_table(console, table)
    if any(lane.deliveries != ENABLED for lane in health.lanes.values()):
        console.print("Tasks are accepted and wait: `python -m ops resume` lets them run.", style="yellow")
    if health.dead_letters.oldest:
        console.print(f"Oldest dead letter: {to_text(health.dead_letters.oldest)}")
    console.print(f"DEAD_LETTERED: {health.dead_letters.count}")
    console.print(f"ALARMS: {len(health.alarms)}")
    for alarm in health.alarms:
        console.print(f"  {alarm.name}: {alarm.reason}", style="red")


def _cells(depth: Depth) -> tuple[str, str, str]:
    return str(depth.visible), str(depth.in_flight), str(depth.delayed)


def _depth(depth: Depth, deliveries: str) -> dict[str, Any]:
    return {
        "visible": depth.visible,
        "inFlight": depth.in_flight,
        "delayed": depth.delayed,
        "deliveries": deliveries,
    }
