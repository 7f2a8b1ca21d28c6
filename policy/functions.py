"""Rules about functions: watched, with a log and a role of their own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyResource

from policy.rule import Messages, StackRule, made_of, of_type
from policy.watching import ALARM, LOG_GROUP

FUNCTION = "aws:lambda/function:Function"
WATCHED_METRICS = ("Errors", "Throttles", "Duration")


def _alarms(function: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    watched = {
        metric["metricName"]
        for alarm in of_type(stack, ALARM)
        for metric in metrics(alarm)
        if metric["namespace"] == "AWS/Lambda"
        and (metric.get("dimensions") or {}).get("FunctionName") == function.props["name"]
    }
    for name in WATCHED_METRICS:
        if name not in watched:
            yield f"has no alarm on {name}"


def metrics(alarm: PolicyResource) -> Iterator[Mapping[str, Any]]:
    """Yield what an alarm reads: its own metric, or those of its queries."""
    if alarm.props.get("metricName"):
        yield alarm.props
    for query in alarm.props.get("metricQueries") or []:
        if query.get("metric"):
            yield query["metric"]


def _own_log_group(function: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    name = _log_group(function)
    if not any(name == group.props.get("name") for group in of_type(stack, LOG_GROUP)):
        yield "writes to a log group that Lambda would make without retention: set loggingConfig.logGroup"
    sharing = [each.name for each in of_type(stack, FUNCTION) if _log_group(each) == name]
    if len(sharing) > 1:
        yield f"shares its log group: {', '.join(sorted(sharing))}"


def _log_group(function: PolicyResource) -> str:
    """Return the log group that Lambda writes to, which it names after the function unless told otherwise."""
    chosen = (function.props.get("loggingConfig") or {}).get("logGroup")
    return str(chosen or f"/aws/lambda/{function.props['name']}")


def _own_role(function: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    roles = function.property_dependencies.get("role", [])
    for other in of_type(stack, FUNCTION):
        if other.urn != function.urn and any(made_of(other, "role", role) for role in roles):
            yield f"shares its role with {other.name}"


RULES = (
    StackRule("function-alarms", "Errors, throttles and slowness of each function alarm.", FUNCTION, _alarms),
    StackRule("function-log-group", "Each function has a log group of its own.", FUNCTION, _own_log_group),
    StackRule("function-role", "Each function has a role of its own.", FUNCTION, _own_role),
)
