"""The conditions of alarms, and how they are written in CloudWatch's metric math.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html. Three things about
data that are missing make the formulas look as they do:

- A function of an array leaves out the series that have no data: `SUM([m1, m2])` is `m1` while nothing was
  ever published for `m2`. So conditions are sums: `IF(m2 > 0, 0, m1)` could have no value in that case.
- AWS's API says of alarms that read metrics of DynamoDB that they ignore missing data whatever they are told
  to do, AWS's guide says that they do so by default. An alarm that ignores it would never end: DynamoDB
  publishes no zeros. So what such an alarm watches is filled with zeros.
- It is not written whether a series without any data is filled. It does not matter where an alarm needs more
  than one breaching period: it ends while at least one of them is in sight.
"""

from dataclasses import dataclass

import pulumi_aws as aws

from infra.monitoring.metrics import Metric

DYNAMODB = "AWS/DynamoDB"
# Takes a sum below any threshold: more than anything that is counted here in one period.
NEVER = 1_000_000_000

Queries = list[aws.cloudwatch.MetricAlarmMetricQueryArgs]


@dataclass(frozen=True)
class Condition:
    """What holds in a period in which metrics, added up, are above a threshold.

    Attributes
    ----------
    metrics
        The metrics that are added up.
    statistic
        `Sum`, `Minimum`, `Maximum`, or a percentile such as `p99`, of each of the metrics.
    threshold
        The sum has to be above it; in the metrics' unit.
    unless
        Counters. The condition does not hold in a period in which one of them is above 0: it is then no
        news, or what another alarm tells already.
    share, share_of
        That much of another counter is taken off: with 0.5, only what exceeds half of `share_of` counts.
    """

    metrics: tuple[Metric, ...]
    statistic: str = "Sum"
    threshold: float = 0
    unless: tuple[Metric, ...] = ()
    share: float = 0
    share_of: Metric | None = None

    @property
    def single(self) -> Metric | None:
        """The metric that alone decides, if it needs no formula."""
        (metric, *more) = self.metrics
        plain = not (more or self.unless or self.share_of or metric.namespace == DYNAMODB)
        return metric if plain else None

    @property
    def reads_dynamodb(self) -> bool:
        """Whether a metric of DynamoDB is among those that are read."""
        return any(metric.namespace == DYNAMODB for metric in (*self.metrics, *self.unless))


def queries(
    label: str, when: Condition, or_when: Condition | None, period_seconds: int
) -> tuple[Queries, float]:
    """Return an alarm's queries, and the threshold that the first of them, the result, is compared with.

    Parameters
    ----------
    label
        What the result is called in charts.
    when, or_when
        The alarm's conditions.
    period_seconds
        Length of the periods that the metrics are read in.
    """
    fill = when.reads_dynamodb or bool(or_when and or_when.reads_dynamodb)
    sums = [_sum(letter, each, period_seconds, fill=fill) for letter, each in _lettered(when, or_when)]
    if or_when is None:
        ((total, parts),) = sums
        return [_result(label, total), *parts], when.threshold
    # Each is compared with a threshold of its own, so they are lowered by it before the higher one decides.
    (first, parts), (second, others) = sums
    lowered = [
        _step("a", f"{first} - {_number(when.threshold)}"),
        _step("b", f"{second} - {_number(or_when.threshold)}"),
    ]
    return [_result(label, "MAX([a, b])"), *lowered, *parts, *others], 0


def _lettered(when: Condition, or_when: Condition | None) -> list[tuple[str, Condition]]:
    return [("m", when)] if or_when is None else [("m", when), ("n", or_when)]


def _sum(letter: str, condition: Condition, period_seconds: int, *, fill: bool) -> tuple[str, Queries]:
    """Return the sum that a condition is about, and the queries of what it adds up."""
    parts, terms = [], []
    for number, metric in enumerate(condition.metrics, start=1):
        query = f"{letter}{number}"
        parts.append(_query(query, metric, condition.statistic, period_seconds))
        terms.append(f"FILL({query}, 0)" if fill else query)
    taken_off: dict[str, tuple[tuple[Metric, ...], float]] = {"x": (condition.unless, NEVER)}
    if condition.share_of:
        taken_off["s"] = ((condition.share_of,), condition.share)
    for kind, (metrics, factor) in taken_off.items():
        counters = {f"{letter}{kind}{number}": metric for number, metric in enumerate(metrics, start=1)}
        if counters:
            parts += [_query(query, metric, "Sum", period_seconds) for query, metric in counters.items()]
            filled = ", ".join(f"FILL({query}, 0)" for query in counters)
            parts.append(_step(f"{letter}{kind}", f"SUM([{filled}]) * -{_number(factor)}"))
            terms.append(f"{letter}{kind}")
    return f"SUM([{', '.join(terms)}])", parts


def _number(value: float) -> str:
    """Return a number without an exponent, which metric math is not said to read."""
    return f"{value:f}".rstrip("0").rstrip(".")


def _result(label: str, expression: str) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id="total", expression=expression, label=label, return_data=True
    )


def _step(query: str, expression: str) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(id=query, expression=expression, return_data=False)


def _query(
    query: str, metric: Metric, statistic: str, period_seconds: int
) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
    return aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id=query,
        return_data=False,
        metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=metric.dimensions,
            period=period_seconds,
            stat=statistic,
        ),
    )
