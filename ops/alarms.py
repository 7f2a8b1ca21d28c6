"""The stack's alarms that are ringing."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


@dataclass(frozen=True)
class Alarm:
    """An alarm in state ALARM: its name, and CloudWatch's reason."""

    name: str
    reason: str


def ringing_alarms(client: "CloudWatchClient", topic_arn: str) -> list[Alarm]:
    """Return the alarms in state ALARM that report to the stack's topic; that is how they are known."""
    pages = client.get_paginator("describe_alarms").paginate(
        ActionPrefix=topic_arn, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    found = [
        alarm for page in pages for alarm in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", []))
    ]
    return [
        Alarm(alarm["AlarmName"], alarm.get("StateReason", ""))
        for alarm in found
        if alarm["StateValue"] == "ALARM" and topic_arn in alarm.get("AlarmActions", [])
    ]
