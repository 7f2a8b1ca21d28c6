"""What an alarm is, before it is one of CloudWatch's."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

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
