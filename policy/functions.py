"""Rules about functions: their roles, logs and alarms, and the API in front of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyResource

from policy.rule import Messages, Resource, ResourceRule, StackRule, given, made_of, of_type, stack_of

FUNCTION = "aws:lambda/function:Function"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC = "aws:sns/topic:Topic"
ROUTE = "aws:apigatewayv2/route:Route"
STAGE = "aws:apigatewayv2/stage:Stage"
PERMISSION = "aws:lambda/permission:Permission"

WATCHED_METRICS = ("Errors", "Throttles", "Duration")
OPEN_STACKS = {"dev", "local"}
"""Stacks for experiments, whose API may be open to everyone."""


def _function_alarms(function: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    watched = {
        metric["metricName"]
        for alarm in of_type(stack, ALARM)
        for metric in _metrics(alarm)
        if metric["namespace"] == "AWS/Lambda"
        and (metric.get("dimensions") or {}).get("FunctionName") == function.props["name"]
    }
    for name in WATCHED_METRICS:
        if name not in watched:
            yield f"has no alarm on {name}"


def _metrics(alarm: PolicyResource) -> Iterator[Mapping[str, Any]]:
    """Yield the metrics that an alarm reads: its own, or those of its queries."""
    if alarm.props.get("metricName"):
        yield alarm.props
    for query in alarm.props.get("metricQueries") or []:
        if query.get("metric"):
            yield query["metric"]


def _function_log_group(function: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    name = _log_group(function)
    if not any(name == group.props.get("name") for group in of_type(stack, LOG_GROUP)):
        yield "writes to a log group that Lambda would create without retention: set loggingConfig.logGroup"
    sharing = [each.name for each in of_type(stack, FUNCTION) if _log_group(each) == name]
    if len(sharing) > 1:
        yield f"shares its log group: {', '.join(sorted(sharing))}"


def _log_group(function: PolicyResource) -> str:
    """Return the log group that Lambda writes to, which it names after the function unless told otherwise."""
    chosen = (function.props.get("loggingConfig") or {}).get("logGroup")
    return str(chosen or f"/aws/lambda/{function.props['name']}")


def _function_role(function: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    roles = function.property_dependencies.get("role", [])
    for other in of_type(stack, FUNCTION):
        if other.urn != function.urn and any(made_of(other, "role", role) for role in roles):
            yield f"shares its role with {other.name}"


def _log_retention(group: Resource) -> Messages:
    if not given(group, "retentionInDays"):
        yield "keeps its log forever: set retentionInDays"


def _alarm_heard(alarm: Resource) -> Messages:
    for key in ("alarmActions", "okActions"):
        if not given(alarm, key):
            yield f"tells nobody: set {key}"


def _alarm_explained(alarm: Resource) -> Messages:
    for key in ("alarmDescription", "treatMissingData"):
        if not given(alarm, key):
            yield f"leaves open what it means: set {key}"


def _topic_encrypted(topic: Resource) -> Messages:
    if not given(topic, "kmsMasterKeyId"):
        yield "is not encrypted: set kmsMasterKeyId"


def _route_guarded(route: Resource) -> Messages:
    if route.props.get("authorizationType", "NONE") == "NONE" and stack_of(route) not in OPEN_STACKS:
        yield "may be called by anyone: set taskguard:apiAuth to iam or jwt"


def _stage_throttled(stage: Resource) -> Messages:
    limits = stage.props.get("defaultRouteSettings") or {}
    for key in ("throttlingRateLimit", "throttlingBurstLimit"):
        if not limits.get(key):
            yield f"takes as many requests as the whole account may: set defaultRouteSettings.{key}"


def _stage_logged(stage: Resource) -> Messages:
    if not given(stage, "accessLogSettings"):
        yield "keeps no access log: set accessLogSettings"


def _permission_scoped(permission: Resource) -> Messages:
    if not given(permission, "sourceArn"):
        yield f"may be invoked by {permission.props['principal']} on behalf of any account: set sourceArn"


RULES = (
    StackRule(
        "function-alarms",
        "Each function has alarms on errors, throttles and duration.",
        FUNCTION,
        _function_alarms,
    ),
    StackRule(
        "function-log-group", "Each function has a log group of its own.", FUNCTION, _function_log_group
    ),
    StackRule("function-role", "Each function has a role of its own.", FUNCTION, _function_role),
    ResourceRule("log-retention", "Logs expire.", (LOG_GROUP,), _log_retention),
    ResourceRule("alarm-heard", "Alarms report both going off and recovering.", (ALARM,), _alarm_heard),
    ResourceRule(
        "alarm-explained", "Alarms say what they mean and what no data means.", (ALARM,), _alarm_explained
    ),
    ResourceRule("topic-encrypted", "Topics are encrypted at rest.", (TOPIC,), _topic_encrypted),
    ResourceRule(
        "route-guarded", "Routes know who calls, except in dev and local.", (ROUTE,), _route_guarded
    ),
    ResourceRule("stage-throttled", "The API limits its traffic.", (STAGE,), _stage_throttled),
    ResourceRule("stage-logged", "The API logs who called what.", (STAGE,), _stage_logged),
    ResourceRule(
        "permission-scoped", "Functions are invoked by known callers.", (PERMISSION,), _permission_scoped
    ),
)
