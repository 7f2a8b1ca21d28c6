"""What an alarm is, and the component that creates alarms. Which ones there are, the catalogue says."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.scope import ComponentArgs
from infra.monitoring.metrics import Metric

# Idle functions, queues and tables publish nothing: by CloudWatch's default, their alarms would then go to
# INSUFFICIENT_DATA.
MISSING_DATA = "notBreaching"
MISSING_DATA_MEANS = "No data means that nothing happened."


@dataclass(frozen=True)
class Alarm:
    """An alarm on one metric, or on the sum of several.

    Attributes
    ----------
    name
        What it says, in words with hyphens; part of its physical name.
    meaning
        What has happened when it is in the state ALARM, in one sentence.
    first_step
        The first thing to do about it.
    metrics
        The metrics that are added up.
    statistic
        `Sum`, `Minimum`, `Maximum`, or a percentile such as `p99`.
    threshold
        A period above this value is breaching; in the metric's unit.
    period_seconds
        Length of one period.
    breaching_periods, evaluated_periods
        The alarm goes off when at least `breaching_periods` of the last `evaluated_periods` are breaching.
    """

    name: str
    meaning: str
    first_step: str
    metrics: tuple[Metric, ...]
    statistic: str = "Sum"
    threshold: float = 0
    period_seconds: int = 60
    breaching_periods: int = 1
    evaluated_periods: int = 1

    @property
    def description(self) -> str:
        """The text that the console shows and the topic sends."""
        return f"{self.meaning} {MISSING_DATA_MEANS} First: {self.first_step}"


@dataclass(frozen=True)
class AlarmsArgs(ComponentArgs):
    """Arguments of `Alarms`.

    Attributes
    ----------
    alarms
        The alarms to create.
    topic_arn
        The topic that is told of every ALARM and every OK.
    """

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
            threshold=alarm.threshold,
            datapoints_to_alarm=alarm.breaching_periods,
            evaluation_periods=alarm.evaluated_periods,
            treat_missing_data=MISSING_DATA,
            alarm_actions=[args.topic_arn],
            ok_actions=[args.topic_arn],
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _sum(alarm: Alarm) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgs]:
    """Return a query for each metric, and one for their sum, which is the one that is compared.

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
