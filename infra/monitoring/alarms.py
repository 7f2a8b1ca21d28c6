"""Makes CloudWatch alarms of the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.scope import ComponentArgs

# Idle functions, queues and tables report nothing; by CloudWatch's default their alarms would be undecided.
MISSING_DATA = "notBreaching"
MISSING_DATA_MEANS = "No data means that nothing happened."


@dataclass(frozen=True)
class Metric:
    """One metric of one thing."""

    namespace: str
    name: str
    dimensions: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True)
class Alarm:
    """One alarm.

    Attributes
    ----------
    name
        What it says, in words with hyphens; becomes part of its physical name.
    meaning
        What has happened when it goes off.
    first_step
        The first thing to do.
    metrics
        What is read; of several, the sum.
    statistic
        `Sum`, `Minimum`, `Maximum`, or a percentile such as `p99`.
    above
        It goes off above this value, in the metric's unit.
    period_seconds
        Length of one period.
    breaches, periods
        It goes off when so many of so many periods are above.
    """

    name: str
    meaning: str
    first_step: str
    metrics: tuple[Metric, ...]
    statistic: str = "Sum"
    above: float = 0
    period_seconds: int = 60
    breaches: int = 1
    periods: int = 1

    @property
    def description(self) -> str:
        """The text that the alarm shows and sends."""
        return f"{self.meaning} {MISSING_DATA_MEANS} First: {self.first_step}"


@dataclass(frozen=True)
class AlarmsArgs(ComponentArgs):
    """Arguments of `Alarms`.

    Attributes
    ----------
    alarms
        What to watch.
    topic_arn
        Where going off and being over are reported.
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
