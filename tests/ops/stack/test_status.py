from typing import Literal

from ops.stack.status import active_alarms
from tests.ops.moto_stack import MotoStack

TOPIC = "arn:aws:sns:eu-central-1:123456789012:taskguard-test-alarms"


def _alarm(stack: MotoStack, name: str, topic: str, state: Literal["ALARM", "OK"]) -> None:
    stack.aws.cloudwatch.put_metric_alarm(
        AlarmName=name,
        AlarmActions=[topic],
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="m",
        Namespace="n",
        Period=60,
        Statistic="Sum",
        Threshold=0,
    )
    stack.aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=f"{name} said so")


def test_only_this_stacks_alarms_in_alarm_are_told(stack: MotoStack) -> None:
    _alarm(stack, "rings", TOPIC, "ALARM")
    _alarm(stack, "calm", TOPIC, "OK")
    _alarm(stack, "not-ours", f"{TOPIC}-of-another-stack", "ALARM")
    found = active_alarms(stack.aws.cloudwatch, TOPIC)
    assert [(alarm.name, alarm.reason) for alarm in found] == [("rings", "rings said so")]
