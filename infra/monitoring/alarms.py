"""What an alarm is, and the component that creates alarms. Which ones there are, the catalogue says."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.scope import ComponentArgs
from infra.monitoring import formula
from infra.monitoring.formula import Condition
from infra.monitoring.metrics import Watched

# What no data means to an alarm, as CloudWatch calls it and as its text says it. Idle functions, queues and
# tables publish nothing: by CloudWatch's default, their alarms would go to INSUFFICIENT_DATA.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
NOTHING_HAPPENED = ("notBreaching", "No data means that nothing happened.")
NOT_RUNNING = ("breaching", "No data means that it does not run.")
NOT_KNOWN = ("ignore", "No data leaves this alarm as it is: wake_tasks did not count.")


@dataclass(frozen=True)
class Alarm:
    """An alarm: when it goes off, what that means, and what to do first.

    Attributes
    ----------
    name
        What it says, in words with hyphens; part of its physical name.
    meaning
        What has happened when it is in the state ALARM, in one sentence.
    first_step
        The first thing to do about it.
    when
        A period in which this holds is breaching.
    or_when
        A second condition, which is enough, too; for two signs of one and the same trouble.
    period_seconds
        Length of one period.
    breaching_periods, evaluated_periods
        The alarm goes off when at least `breaching_periods` of the last `evaluated_periods` are breaching.
    event
        It tells that something happened, not how things stand: so it never tells that it is over.
    on_silence
        For what has to report all the time: a value below the threshold is breaching, and so is no data.
    keeps_state
        For what is counted by something that may itself stand still: no data does not end the alarm.
    """

    name: str
    meaning: str
    first_step: str
    when: Condition
    or_when: Condition | None = None
    period_seconds: int = 60
    breaching_periods: int = 1
    evaluated_periods: int = 1
    event: bool = False
    on_silence: bool = False
    keeps_state: bool = False

    @property
    def no_data(self) -> tuple[str, str]:
        """What no data means: CloudWatch's word, and a sentence."""
        if self.on_silence:
            return NOT_RUNNING
        return NOT_KNOWN if self.keeps_state else NOTHING_HAPPENED

    @property
    def description(self) -> str:
        """The text that the console shows and the topic sends."""
        return f"{self.meaning} {self.no_data[1]} First: {self.first_step}"


@dataclass(frozen=True)
class AlarmsArgs(ComponentArgs):
    """Arguments of `Alarms`.

    Attributes
    ----------
    alarms
        The alarms to create.
    topic_arn
        The topic that is told of every ALARM, and of the OK of what stands.
    watched
        The stack, whose access log one metric is made from.
    """

    alarms: Sequence[Alarm]
    topic_arn: pulumi.Input[str]
    watched: Watched


class Alarms(pulumi.ComponentResource):
    """Creates the alarms `taskguard-<stack>-<alarm>`, and the filter that counts answers 429.

    The topic is told when one goes off, and when what it tells of is over; an event is never over.
    """

    arns: list[pulumi.Output[str]]

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("taskguard:alarms:Alarms", name, None, opts)
        self._count_throttled(args)
        self.arns = [self._alarm(alarm, args).arn for alarm in args.alarms]
        self.register_outputs({"arns": self.arns})

    def _count_throttled(self, args: AlarmsArgs) -> None:
        """Make a metric of the access log's lines about answers 429.

        The log's format quotes all that API Gateway fills in, numbers as well. Other lines count as 0, so the
        metric has no gaps while the API is called:
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
        """
        metric = args.watched.api_throttled
        aws.cloudwatch.LogMetricFilter(
            "api-throttled",
            name=args.scope.name("api-throttled"),
            log_group_name=args.watched.access_log,
            pattern='{ $.status = "429" }',
            metric_transformation={
                "namespace": metric.namespace,
                "name": metric.name,
                "value": "1",
                "default_value": "0",
                "unit": "Count",
            },
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _alarm(self, alarm: Alarm, args: AlarmsArgs) -> aws.cloudwatch.MetricAlarm:
        single = None if alarm.or_when else alarm.when.single
        statistic = alarm.when.statistic
        percentile = statistic.startswith("p")
        queries, threshold = formula.queries(alarm.name, alarm.when, alarm.or_when, alarm.period_seconds)
        return aws.cloudwatch.MetricAlarm(
            alarm.name,
            name=args.scope.name(alarm.name),
            alarm_description=alarm.description,
            namespace=single.namespace if single else None,
            metric_name=single.name if single else None,
            dimensions=single.dimensions if single else None,
            statistic=statistic if single and not percentile else None,
            extended_statistic=statistic if single and percentile else None,
            period=alarm.period_seconds if single else None,
            metric_queries=None if single else queries,
            comparison_operator="LessThanThreshold" if alarm.on_silence else "GreaterThanThreshold",
            threshold=threshold,
            datapoints_to_alarm=alarm.breaching_periods,
            evaluation_periods=alarm.evaluated_periods,
            treat_missing_data=alarm.no_data[0],
            alarm_actions=[args.topic_arn],
            ok_actions=None if alarm.event else [args.topic_arn],
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
