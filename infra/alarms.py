"""Makes CloudWatch alarms of the catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.alarm import MISSING_DATA, Alarm, Metric
from infra.scope import Scope


@dataclass(frozen=True)
class AlarmsArgs:
    """Arguments of `Alarms`.

    Attributes
    ----------
    scope
        The stack's names and tags.
    alarms
        What to watch.
    topic_arn
        Where going off and being over are reported.
    """

    scope: Scope
    alarms: Sequence[Alarm]
    topic_arn: pulumi.Input[str]


class Alarms(pulumi.ComponentResource):
    """Creates the alarms `taskguard-<stack>-<alarm>`; ALARM and OK both go to the topic."""

    arns: list[pulumi.Output[str]]

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("taskguard:alarms:Alarms", name, None, opts)
        self.arns = [self._alarm(alarm, args).arn for alarm in args.alarms]
        self.register_outputs({"arns": self.arns})

    def _alarm(self, alarm: Alarm, args: AlarmsArgs) -> aws.cloudwatch.MetricAlarm:
        single = alarm.metrics[0] if len(alarm.metrics) == 1 else None
        percentile = alarm.statistic.startswith("p")
        return aws.cloudwatch.MetricAlarm(
            alarm.name,
            name=args.scope.name(alarm.name),
            alarm_description=alarm.description,
            namespace=single.namespace if single else None,
            metric_name=single.name if single else None,
            dimensions=single.dimensions if single else None,
            statistic=alarm.statistic if single and not percentile else None,
            extended_statistic=alarm.statistic if single and percentile else None,
            period=alarm.period_seconds if single else None,
            metric_queries=None if single else _sum(alarm),
            comparison_operator="GreaterThanThreshold",
            threshold=alarm.above,
            datapoints_to_alarm=alarm.breaches,
            evaluation_periods=alarm.periods,
            treat_missing_data=MISSING_DATA,
            alarm_actions=[args.topic_arn],
            ok_actions=[args.topic_arn],
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _sum(alarm: Alarm) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgs]:
    """Return the queries of several metrics and, as the one that is watched, their sum.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    total = aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id="total", expression="SUM(METRICS())", label=alarm.name, return_data=True
    )
    return [total, *(_query(number, metric, alarm) for number, metric in enumerate(alarm.metrics, start=1))]


def _query(number: int, metric: Metric, alarm: Alarm) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id=f"m{number}",
        return_data=False,
        metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=metric.dimensions,
            period=alarm.period_seconds,
            stat=alarm.statistic,
        ),
    )
