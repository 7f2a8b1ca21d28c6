"""For each rule of the policy pack, what a careless change of the program would do to its resources."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from pulumi_policy import PolicyResource

Resources = list[PolicyResource]
Mutation = Callable[[Resources], None]

TABLE = ("aws:dynamodb/table:Table", "tasks")
QUEUE = ("aws:sqs/queue:Queue", "tasks")
DEAD_LETTERS = ("aws:sqs/queue:Queue", "dead-letters")
FUNCTION = ("aws:lambda/function:Function", "process-task")
MAPPING = ("aws:lambda/eventSourceMapping:EventSourceMapping", "process-task")
ALARM = ("aws:cloudwatch/metricAlarm:MetricAlarm", "process-task-errors")
LOG_GROUP = ("aws:cloudwatch/logGroup:LogGroup", "process-task-log")
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
STAGE = ("aws:apigatewayv2/stage:Stage", "api-stage")
ROLE_POLICY = ("aws:iam/rolePolicy:RolePolicy", "process-task-policy")

Key = tuple[str, str]


def find(resources: Resources, key: Key) -> PolicyResource:
    """Return the resource of a type and name."""
    (found,) = (each for each in resources if (each.resource_type, each.name) == key)
    return found


def dropped(key: Key) -> Mutation:
    """Remove a resource."""
    return lambda resources: resources.remove(find(resources, key))


def without(key: Key, property_: str) -> Mutation:
    """Remove a property."""
    return with_(key, property_, None)


def with_(key: Key, property_: str, value: Any, *, keeps_links: bool = False) -> Mutation:
    """Set a property; unless it keeps its links, the new value depends on no other resource."""

    def mutation(resources: Resources) -> None:
        resource = find(resources, key)
        resource.props = {**resource.props, property_: value}
        if not keeps_links:
            resource.property_dependencies.pop(property_, None)

    return mutation


def unprotected(key: Key) -> Mutation:
    """Let Pulumi delete a resource."""

    def mutation(resources: Resources) -> None:
        resource = find(resources, key)
        resource.opts = deepcopy(resource.opts)
        resource.opts.protect = False

    return mutation


def simulating(**variables: str) -> Mutation:
    """Let attempts fail on purpose."""

    def mutation(resources: Resources) -> None:
        function = find(resources, FUNCTION)
        given = function.props["environment"]["variables"]
        function.props = {**function.props, "environment": {"variables": {**given, **variables}}}

    return mutation


def as_anothers(property_: str) -> Mutation:
    """Make a property of the function from what another function's is made from."""

    def mutation(resources: Resources) -> None:
        other = find(resources, (FUNCTION[0], "get-task"))
        find(resources, FUNCTION).property_dependencies[property_] = other.property_dependencies[property_]

    return mutation


def allowing(key: Key, property_: str, **statement: Any) -> Mutation:
    """Let a policy allow more."""
    return with_(key, property_, json.dumps({"Statement": [{"Effect": "Allow", **statement}]}))


MUTATIONS: Mapping[str, list[tuple[str, Mutation]]] = {
    "queue-encrypted": [("tasks", without(QUEUE, "sqsManagedSseEnabled"))],
    "queue-tls-only": [
        ("tasks", dropped((QUEUE_POLICY, "tasks-tls"))),
        ("tasks", allowing((QUEUE_POLICY, "tasks-tls"), "policy", Action="sqs:SendMessage")),
    ],
    "queue-redrive": [("tasks", without(QUEUE, "redrivePolicy"))],
    "queue-redrive-restricted": [
        ("dead-letters", dropped(("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", "tasks-redrive-allow")))
    ],
    "queue-retention": [("dead-letters", with_(DEAD_LETTERS, "messageRetentionSeconds", 3600))],
    "mapping-partial-responses": [("process-task", without(MAPPING, "functionResponseTypes"))],
    "mapping-maximum-concurrency": [("process-task", without(MAPPING, "scalingConfig"))],
    "mapping-visibility": [("process-task", with_(QUEUE, "visibilityTimeoutSeconds", 30))],
    "function-alarms": [
        ("process-task", dropped(ALARM)),
        ("process-task", dropped((ALARM[0], "functions-throttled"))),
        ("process-task", dropped((ALARM[0], "process-task-near-timeout"))),
        ("process-task", with_(ALARM, "dimensions", {})),
    ],
    "function-log-group": [
        ("process-task", dropped(LOG_GROUP)),
        ("process-task", without(FUNCTION, "loggingConfig")),
        (
            "process-task",
            with_(FUNCTION, "loggingConfig", {"logGroup": "/aws/lambda/taskguard-prod-get-task"}),
        ),
        ("process-task", as_anothers("loggingConfig")),
    ],
    "function-role": [("process-task", as_anothers("role"))],
    "log-retention": [("process-task-log", without(LOG_GROUP, "retentionInDays"))],
    "alarm-heard": [
        ("process-task-errors", without(ALARM, "alarmActions")),
    ],
    "alarm-explained": [
        ("process-task-errors", without(ALARM, "alarmDescription")),
        ("process-task-errors", without(ALARM, "treatMissingData")),
    ],
    "topic-encrypted": [("alarms", without(("aws:sns/topic:Topic", "alarms"), "kmsMasterKeyId"))],
    "table-encrypted": [("tasks", without(TABLE, "serverSideEncryption"))],
    "table-recoverable": [("tasks", with_(TABLE, "pointInTimeRecovery", {"enabled": False}))],
    "table-undeletable": [
        ("tasks", with_(TABLE, "deletionProtectionEnabled", value=False)),
        ("tasks", unprotected(TABLE)),
    ],
    "queue-undeletable": [("tasks", unprotected(QUEUE)), ("dead-letters", unprotected(DEAD_LETTERS))],
    "function-simulation": [
        ("process-task", simulating(FAILURE_RATE="0.05")),
        ("process-task", simulating(PERMANENT_FAILURE_SUFFIX="3")),
    ],
    "route-guarded": [
        (
            "api-post-tasks",
            with_(("aws:apigatewayv2/route:Route", "api-post-tasks"), "authorizationType", "NONE"),
        )
    ],
    "stage-throttled": [("api-stage", without(STAGE, "defaultRouteSettings"))],
    "stage-logged": [("api-stage", without(STAGE, "accessLogSettings"))],
    "permission-scoped": [
        ("api-post-tasks", without(("aws:lambda/permission:Permission", "api-post-tasks"), "sourceArn"))
    ],
    "policy-no-wildcards": [
        (
            "process-task-policy",
            allowing(ROLE_POLICY, "policy", Action="sqs:*", Resource="arn:aws:sqs:x:1:q"),
        ),
        ("process-task-policy", allowing(ROLE_POLICY, "policy", Action="sqs:SendMessage", Resource="*")),
        ("process-task-policy", allowing(ROLE_POLICY, "policy", Action="logs:PutLogEvents", Resource="*")),
        ("process-task-policy", allowing(ROLE_POLICY, "policy", NotAction="iam:*", Resource="arn:aws:x")),
        (
            "process-task-role",
            allowing(
                ("aws:iam/role:Role", "process-task-role"),
                "assumeRolePolicy",
                Action="sts:AssumeRole",
                Principal={"AWS": "*"},
            ),
        ),
        (
            "alarms-key",
            allowing(
                ("aws:kms/key:Key", "alarms-key"),
                "policy",
                Action="kms:*",
                Resource="*",
                Principal={"AWS": "arn:aws:iam::123456789012:role/anyone"},
            ),
        ),
    ],
}
"""By rule: the name of the resource that must be reported, and the mutation that breaks the rule."""
