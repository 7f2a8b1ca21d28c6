"""CloudWatch in small: what alarms make of metrics, minute by minute, and which mails they send.

Where AWS's documents leave two readings open, both can be played (`Reading`).
"""

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, str, frozenset[tuple[str, str]]]
Values = dict[int, float]


@dataclass(frozen=True)
class Reading:
    """How AWS's documents may be read.

    Attributes
    ----------
    dynamodb_ignores
        Alarms that read a metric of DynamoDB keep their state when data are missing, whatever they are told.
    empty_is_filled
        `FILL` fills a series that has no data at all in the range that is looked at.
    """

    dynamodb_ignores: bool
    empty_is_filled: bool


READINGS = [Reading(ignores, filled) for ignores in (False, True) for filled in (False, True)]


@dataclass
class Metrics:
    """What was published: one value a minute for each metric."""

    published: dict[Key, Values] = field(default_factory=dict)

    def put(
        self, namespace: str, name: str, dimensions: Mapping[str, str], minutes: Iterable[int], value: float
    ) -> None:
        """Publish a value in each of the minutes; a later call overwrites."""
        key = (namespace, name, frozenset(dimensions.items()))
        self.published.setdefault(key, {}).update(dict.fromkeys(minutes, value))

    def read(self, metric: Mapping[str, Any], statistic: str, minutes: int, periods: range) -> Values:
        """Return a statistic of a metric in each period that has data; periods last so many minutes."""
        key = (metric["namespace"], metric["metricName"], frozenset(metric.get("dimensions", {}).items()))
        values = self.published.get(key, {})
        found = {}
        for period in periods:
            inside = [
                values[minute]
                for minute in range(period * minutes, (period + 1) * minutes)
                if minute in values
            ]
            if inside:
                found[period] = _STATISTICS[statistic](inside)
        return found

    def __contains__(self, metric: Mapping[str, Any]) -> bool:
        """Whether anything was ever published about a metric."""
        key = (metric["namespace"], metric["metricName"], frozenset(metric.get("dimensions", {}).items()))
        return key in self.published


_STATISTICS: Mapping[str, Callable[[list[float]], float]] = {
    "Sum": sum,
    "Minimum": min,
    "Maximum": max,
    "p99": max,  # of a handful of values
}


def mails(alarms: Iterable[Mapping[str, Any]], metrics: Metrics, minutes: int, reading: Reading) -> list[str]:
    """Return what is sent until so many minutes have passed: the alarms' names and new states, in order."""
    sent = [mail for alarm in alarms for mail in _mails_of(alarm, metrics, minutes, reading)]
    return [f"{name} {state}" for _, name, state in sorted(sent)]


def _mails_of(
    alarm: Mapping[str, Any], metrics: Metrics, minutes: int, reading: Reading
) -> list[tuple[int, str, str]]:
    read = _metrics_of(alarm)
    length = (alarm.get("period") or _first_period(alarm)) // 60
    ignores = alarm["treatMissingData"] == "ignore" or (
        reading.dynamodb_ignores and any(metric["namespace"] == "AWS/DynamoDB" for metric in read)
    )
    state, sent = "OK", []
    if alarm["treatMissingData"] != "breaching" and not any(metric in metrics for metric in read):
        return []
    formula = _Formula.of(alarm, metrics, length, range(minutes // length), reading)
    for now in range(minutes // length):
        periods = range(now + 1 - alarm["evaluationPeriods"], now + 1)
        values = formula.values(periods)
        new = _state(alarm, values, len(periods), state, ignores=ignores)
        actions = {"ALARM": alarm.get("alarmActions"), "OK": alarm.get("okActions")}[new] or []
        if new != state and actions:
            sent.append(((now + 1) * length, alarm["name"].removeprefix("taskguard-dev-"), new))
        state = new
    return sent


def _state(alarm: Mapping[str, Any], values: Values, periods: int, state: str, *, ignores: bool) -> str:
    above = alarm["comparisonOperator"] == "GreaterThanThreshold"
    threshold, needed = alarm["threshold"], alarm["datapointsToAlarm"]
    breaching = sum((value > threshold) if above else (value < threshold) for value in values.values())
    missing = periods - len(values)
    if breaching + (missing if alarm["treatMissingData"] == "breaching" else 0) >= needed:
        return "ALARM"
    # The state stays where the missing data could have decided otherwise.
    return state if ignores and breaching + missing >= needed else "OK"


def _metrics_of(alarm: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    queries = alarm.get("metricQueries", [])
    return [query["metric"] for query in queries if "metric" in query] or [alarm]


def _first_period(alarm: Mapping[str, Any]) -> int:
    (period,) = {query["metric"]["period"] for query in alarm["metricQueries"] if "metric" in query}
    return int(period)


@dataclass
class _Formula:
    """Metric math, as far as the alarms use it; any other expression is a KeyError or an AssertionError."""

    known: Mapping[str, Values]
    steps: Mapping[str, ast.expr]
    result: str
    reading: Reading
    periods: range = range(0)

    @classmethod
    def of(
        cls, alarm: Mapping[str, Any], metrics: Metrics, length: int, periods: range, reading: Reading
    ) -> "_Formula":
        """Return an alarm's formula, with what it reads in all periods; an alarm on one metric reads `m1`."""
        if "metricQueries" not in alarm:
            statistic = alarm.get("statistic") or alarm["extendedStatistic"]
            return cls({"m1": metrics.read(alarm, statistic, length, periods)}, {}, "m1", reading)
        queries = alarm["metricQueries"]
        known = {
            query["id"]: metrics.read(query["metric"], query["metric"]["stat"], length, periods)
            for query in queries
            if "metric" in query
        }
        steps = {
            query["id"]: ast.parse(query["expression"], mode="eval").body
            for query in queries
            if "expression" in query
        }
        (result,) = (query["id"] for query in queries if query["returnData"])
        return cls(known, steps, result, reading)

    def values(self, periods: range) -> Values:
        """Return the result in these periods, for which alone data are fetched."""
        self.periods = periods
        return self._named(self.result)

    def _named(self, query: str) -> Values:
        if query in self.steps:
            return self._value(self.steps[query])
        values = self.known[query]
        return {period: values[period] for period in self.periods if period in values}

    def _value(self, node: ast.expr) -> Values:
        if isinstance(node, ast.Name):
            return self._named(node.id)
        if isinstance(node, ast.BinOp):
            number = float(ast.literal_eval(node.right))
            values = self._value(node.left).items()
            return {period: _apply(node.op, value, number) for period, value in values}
        assert isinstance(node, ast.Call), ast.dump(node)
        assert isinstance(node.func, ast.Name)
        if node.func.id == "FILL":
            return self._filled(*node.args)
        (series,) = node.args
        assert isinstance(series, ast.List)
        functions: Mapping[str, Callable[[list[float]], float]] = {"SUM": sum, "MAX": max}
        return self._combined(functions[node.func.id], series.elts)

    def _combined(self, how: Callable[[list[float]], float], nodes: list[ast.expr]) -> Values:
        series = [self._value(node) for node in nodes]
        found = {period: [each[period] for each in series if period in each] for period in self.periods}
        return {period: how(values) for period, values in found.items() if values}

    def _filled(self, node: ast.expr, with_: ast.expr) -> Values:
        series = self._value(node)
        if not series and not self.reading.empty_is_filled:
            return {}
        return dict.fromkeys(self.periods, float(ast.literal_eval(with_))) | series


def _apply(operator: ast.operator, left: float, right: float) -> float:
    assert isinstance(operator, (ast.Mult, ast.Sub)), operator
    return left * right if isinstance(operator, ast.Mult) else left - right
