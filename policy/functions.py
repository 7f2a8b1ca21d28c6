"""Rules about functions: their roles, logs and alarms, and the API in front of them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyResource

from policy.rule import Messages, Resource, ResourceRule, StackRule, given, in_production, made_of, of_type

FUNCTION = "aws:lambda/function:Function"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC = "aws:sns/topic:Topic"
API = "aws:apigatewayv2/api:Api"
ROUTE = "aws:apigatewayv2/route:Route"
STAGE = "aws:apigatewayv2/stage:Stage"
PERMISSION = "aws:lambda/permission:Permission"

WATCHED_METRICS = ("Errors", "Throttles", "Duration")


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
    """Yield the metrics that set an alarm off: its own, or those of its queries that are not taken off."""
    if alarm.props.get("metricName"):
        yield alarm.props
    queries = alarm.props.get("metricQueries") or []
    taken_off = " ".join(query["expression"] for query in queries if "* -" in (query.get("expression") or ""))
    for query in queries:
        if query.get("metric") and not re.search(rf"\b{query['id']}\b", taken_off):
            yield query["metric"]


def _function_log_group(function: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    # Judged by what it is made of: the provider computes `loggingConfig` where the program gives none.
    groups = [each for each in of_type(stack, LOG_GROUP) if made_of(function, "loggingConfig", each)]
    if not groups:
        yield (
            "writes to a log group that Lambda would create without retention: set loggingConfig.logGroup to "
            "the name of a log group of this stack"
        )
    for group in groups:
        sharing = [each.name for each in of_type(stack, FUNCTION) if made_of(each, "loggingConfig", group)]
        if len(sharing) > 1:
            yield f"shares its log group: {', '.join(sorted(sharing))}"


def _function_role(function: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    roles = function.property_dependencies.get("role", [])
    for other in of_type(stack, FUNCTION):
        if other.urn != function.urn and any(made_of(other, "role", role) for role in roles):
            yield f"shares its role with {other.name}"


def _log_retention(group: Resource) -> Messages:
    if not given(group, "retentionInDays"):
        yield "keeps its log forever: set retentionInDays"


def _alarm_heard(alarm: Resource) -> Messages:
    # An alarm on an event has no OK to tell: the event is not undone.
    if not given(alarm, "alarmActions"):
        yield "tells nobody: set alarmActions"


def _alarm_explained(alarm: Resource) -> Messages:
    for key in ("alarmDescription", "treatMissingData"):
        if not given(alarm, key):
            yield f"leaves open what it means: set {key}"


def _topic_encrypted(topic: Resource) -> Messages:
    if not given(topic, "kmsMasterKeyId"):
        yield "is not encrypted: set kmsMasterKeyId"


def _function_simulation(function: Resource) -> Messages:
    variables = (function.props.get("environment") or {}).get("variables") or {}
    simulates = float(variables.get("FAILURE_RATE") or 0) > 0 or variables.get("PERMANENT_FAILURE_SUFFIX")
    if simulates and in_production(function):
        yield "fails tasks on purpose: set taskguard:failureRate to 0, and permanentFailureSuffix to nothing"


def _route_guarded(route: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    # Routes have no tags; their API has.
    apis = [each for each in of_type(stack, API) if made_of(route, "apiId", each)]
    is_open = route.props.get("authorizationType", "NONE") == "NONE"
    if is_open and (not apis or any(in_production(each) for each in apis)):
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
    ResourceRule(
        "function-simulation", "Production simulates no failures.", (FUNCTION,), _function_simulation
    ),
    ResourceRule("log-retention", "Logs expire.", (LOG_GROUP,), _log_retention),
    ResourceRule("alarm-heard", "Alarms report that they go off.", (ALARM,), _alarm_heard),
    ResourceRule(
        "alarm-explained", "Alarms say what they mean and what no data means.", (ALARM,), _alarm_explained
    ),
    ResourceRule("topic-encrypted", "Topics are encrypted at rest.", (TOPIC,), _topic_encrypted),
    StackRule("route-guarded", "Production's routes know who calls.", ROUTE, _route_guarded),
    ResourceRule("stage-throttled", "The API limits its traffic.", (STAGE,), _stage_throttled),
    ResourceRule("stage-logged", "The API logs who called what.", (STAGE,), _stage_logged),
    ResourceRule(
        "permission-scoped", "Functions are invoked by known callers.", (PERMISSION,), _permission_scoped
    ),
)
