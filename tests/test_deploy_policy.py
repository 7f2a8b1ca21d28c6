"""The deploying role may do what the program needs, by type and by name, and nothing else."""

import fnmatch
import json
from pathlib import Path
from typing import Any

from local.project import REPOSITORY
from tests.proofs.conformance.scanners import parliament
from tests.support.program import run_program

POLICY = REPOSITORY / "docs" / "deploy-policy.json"
ACCOUNT = "eu-west-1:123456789012"

# What the provider calls to create, read, update, tag and delete a resource of each type, and on what.
# `{name}` is the physical name; what AWS names itself has an id that nobody can know beforehand.
TAGS = ("ListTagsForResource", "TagResource", "UntagResource")
RIGHTS: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {
    "aws:apigatewayv2/api:Api": [
        ("apigateway", "arn:aws:apigateway:eu-west-1::/apis", ("POST",)),
        ("apigateway", "arn:aws:apigateway:eu-west-1::/apis/a1", ("DELETE", "GET", "PATCH", "PUT")),
        ("apigateway", "arn:aws:apigateway:eu-west-1::/tags/a1", ("DELETE", "GET", "POST", "PUT")),
        ("apigateway", "arn:aws:apigateway:eu-west-1::/apis/a1", ("TagResource", "UntagResource")),
        (
            "iam",
            "arn:aws:iam::123456789012:role/aws-service-role/ops.apigateway.amazonaws.com/AWSServiceRoleForAPIGateway",
            ("CreateServiceLinkedRole",),
        ),
    ],
    **{
        f"aws:apigatewayv2/{kind}:{kind.title()}": [
            ("apigateway", f"arn:aws:apigateway:eu-west-1::/apis/a1/{kind}s", ("POST",)),
            ("apigateway", f"arn:aws:apigateway:eu-west-1::/apis/a1/{kind}s/b2", ("DELETE", "GET", "PATCH")),
        ]
        for kind in ("authorizer", "integration", "route")
    },
    "aws:apigatewayv2/stage:Stage": [
        ("apigateway", "arn:aws:apigateway:eu-west-1::/apis/a1/stages", ("POST",)),
        ("apigateway", "arn:aws:apigateway:eu-west-1::/apis/a1/stages/{name}", ("DELETE", "GET", "PATCH")),
        # The provider removes the settings of each route by itself.
        (
            "apigateway",
            "arn:aws:apigateway:eu-west-1::/apis/a1/stages/{name}/routesettings/POST",
            ("DELETE",),
        ),
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
        ("logs", "*", ("CreateLogDelivery", "DeleteLogDelivery", "GetLogDelivery", "ListLogDeliveries")),
        ("logs", "*", ("DescribeResourcePolicies", "PutResourcePolicy", "UpdateLogDelivery")),
    ],
    "aws:cloudwatch/dashboard:Dashboard": [
        (
            "cloudwatch",
            "arn:aws:cloudwatch::123456789012:dashboard/{dashboardName}",
            ("DeleteDashboards", "GetDashboard", "PutDashboard"),
        ),
    ],
    "aws:cloudwatch/logGroup:LogGroup": [
        (
            "logs",
            f"arn:aws:logs:{ACCOUNT}:log-group:{{name}}",
            ("CreateLogGroup", "DeleteLogGroup", "DeleteRetentionPolicy", "PutRetentionPolicy", *TAGS),
        ),
        ("logs", "*", ("DescribeLogGroups",)),
    ],
    "aws:cloudwatch/metricAlarm:MetricAlarm": [
        (
            "cloudwatch",
            f"arn:aws:cloudwatch:{ACCOUNT}:alarm:{{name}}",
            ("DeleteAlarms", "PutMetricAlarm", *TAGS),
        ),
        ("cloudwatch", f"arn:aws:cloudwatch:{ACCOUNT}:alarm:*", ("DescribeAlarms",)),
    ],
    "aws:cloudwatch/queryDefinition:QueryDefinition": [
        ("logs", "*", ("DeleteQueryDefinition", "DescribeQueryDefinitions", "PutQueryDefinition")),
    ],
    "aws:dynamodb/table:Table": [
        (
            "dynamodb",
            f"arn:aws:dynamodb:{ACCOUNT}:table/{{name}}",
            (
                *("CreateTable", "DeleteTable", "DescribeTable", "UpdateTable"),
                *("DescribeContinuousBackups", "UpdateContinuousBackups"),
                *("DescribeTimeToLive", "UpdateTimeToLive"),
                *("ListTagsOfResource", "TagResource", "UntagResource"),
            ),
        ),
        # The provider asks whether the table's key is the one that AWS manages.
        ("kms", f"arn:aws:kms:{ACCOUNT}:key/k1", ("DescribeKey",)),
    ],
    "aws:iam/role:Role": [
        (
            "iam",
            "arn:aws:iam::123456789012:role/{name}",
            (
                *("CreateRole", "DeleteRole", "GetRole", "TagRole", "UntagRole"),
                *("UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription"),
                *("ListAttachedRolePolicies", "ListInstanceProfilesForRole", "ListRolePolicies"),
            ),
        ),
    ],
    "aws:iam/rolePolicy:RolePolicy": [
        (
            "iam",
            "arn:aws:iam::123456789012:role/{role}",
            ("DeleteRolePolicy", "GetRolePolicy", "PutRolePolicy"),
        ),
    ],
    "aws:kms/key:Key": [
        ("kms", "*", ("CreateKey",)),
        (
            "kms",
            f"arn:aws:kms:{ACCOUNT}:key/k1",
            (
                *("DescribeKey", "EnableKeyRotation", "DisableKeyRotation", "GetKeyRotationStatus"),
                *("GetKeyPolicy", "PutKeyPolicy", "ScheduleKeyDeletion", "UpdateKeyDescription"),
                *("ListResourceTags", "TagResource", "UntagResource"),
            ),
        ),
    ],
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": [
        (
            "logs",
            f"arn:aws:logs:{ACCOUNT}:log-group:{{logGroupName}}",
            ("DeleteMetricFilter", "DescribeMetricFilters", "PutMetricFilter"),
        ),
    ],
    "aws:lambda/eventSourceMapping:EventSourceMapping": [
        ("lambda", "*", ("CreateEventSourceMapping",)),
        (
            "lambda",
            f"arn:aws:lambda:{ACCOUNT}:event-source-mapping:m1",
            (
                *("DeleteEventSourceMapping", "GetEventSourceMapping", "UpdateEventSourceMapping"),
                *("ListTags", "TagResource", "UntagResource"),
            ),
        ),
    ],
    "aws:lambda/function:Function": [
        (
            "lambda",
            f"arn:aws:lambda:{ACCOUNT}:function:{{name}}",
            (
                *("CreateFunction", "DeleteFunction", "GetFunction", "GetFunctionConfiguration"),
                *("GetFunctionCodeSigningConfig", "ListVersionsByFunction"),
                *("UpdateFunctionCode", "UpdateFunctionConfiguration"),
                # With apiReservedConcurrency, and without it again.
                *("PutFunctionConcurrency", "DeleteFunctionConcurrency"),
                *("ListTags", "TagResource", "UntagResource"),
            ),
        ),
        ("iam", "arn:aws:iam::123456789012:role/{name}", ("PassRole",)),
    ],
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": [
        (
            "lambda",
            f"arn:aws:lambda:{ACCOUNT}:function:{{functionName}}",
            (
                *("DeleteFunctionEventInvokeConfig", "GetFunctionEventInvokeConfig"),
                "PutFunctionEventInvokeConfig",
            ),
        ),
    ],
    "aws:lambda/layerVersion:LayerVersion": [
        ("lambda", f"arn:aws:lambda:{ACCOUNT}:layer:{{layerName}}", ("PublishLayerVersion",)),
        (
            "lambda",
            f"arn:aws:lambda:{ACCOUNT}:layer:{{layerName}}:1",
            ("DeleteLayerVersion", "GetLayerVersion"),
        ),
    ],
    "aws:lambda/permission:Permission": [
        (
            "lambda",
            f"arn:aws:lambda:{ACCOUNT}:function:{{function}}",
            ("AddPermission", "GetPolicy", "RemovePermission"),
        ),
    ],
    "aws:scheduler/schedule:Schedule": [
        (
            "scheduler",
            f"arn:aws:scheduler:{ACCOUNT}:schedule/{{groupName}}/{{name}}",
            ("CreateSchedule", "DeleteSchedule", "GetSchedule", "UpdateSchedule"),
        ),
        ("iam", "{target[roleArn]}", ("PassRole",)),
    ],
    "aws:scheduler/scheduleGroup:ScheduleGroup": [
        (
            "scheduler",
            f"arn:aws:scheduler:{ACCOUNT}:schedule-group/{{name}}",
            ("CreateScheduleGroup", "DeleteScheduleGroup", "GetScheduleGroup", *TAGS),
        ),
    ],
    "aws:sns/topic:Topic": [
        (
            "sns",
            f"arn:aws:sns:{ACCOUNT}:{{name}}",
            ("CreateTopic", "DeleteTopic", "GetTopicAttributes", "SetTopicAttributes", *TAGS),
        ),
    ],
    "aws:sns/topicPolicy:TopicPolicy": [("sns", "{arn}", ("GetTopicAttributes", "SetTopicAttributes"))],
    "aws:sns/topicSubscription:TopicSubscription": [
        ("sns", "{topic}", ("ListSubscriptionsByTopic", "Subscribe")),
        ("sns", "*", ("GetSubscriptionAttributes", "SetSubscriptionAttributes", "Unsubscribe")),
    ],
    "aws:sqs/queue:Queue": [
        (
            "sqs",
            f"arn:aws:sqs:{ACCOUNT}:{{name}}",
            (
                *("CreateQueue", "DeleteQueue", "GetQueueAttributes", "GetQueueUrl", "SetQueueAttributes"),
                *("ListQueueTags", "TagQueue", "UntagQueue"),
            ),
        ),
    ],
    **{
        f"aws:sqs/{kind}": [
            (
                "sqs",
                f"arn:aws:sqs:{ACCOUNT}:taskguard-dev-tasks",
                ("GetQueueAttributes", "SetQueueAttributes"),
            )
        ]
        for kind in ("queuePolicy:QueuePolicy", "redriveAllowPolicy:RedriveAllowPolicy")
    },
}

JWT = {
    "alarmEmail": "ops@example.com",
    "apiAuth": "jwt",
    "apiJwtIssuer": "https://issuer.example.com",
    "apiJwtAudience": '["tasks"]',
}


def rights_needed() -> set[tuple[str, str]]:
    """Return each action and the ARN that it is needed on, for two stacks and every kind of authorization."""
    runs = [run_program("dev", JWT), run_program("prod")]
    needed = set()
    for resource in (each for run in runs for each in run.resources if each.custom):
        for service, pattern, actions in RIGHTS[resource.type]:
            arn = pattern.format_map(resource.inputs)
            needed |= {(f"{service}:{action}", arn) for action in actions}
    return needed


def allowed(statement: dict[str, Any], action: str, arn: str) -> bool:
    """Tell whether a statement allows an action on an ARN; conditions are taken to hold."""
    actions, resources = (
        [value] if isinstance(value, str) else value for value in (statement["Action"], statement["Resource"])
    )
    return action in actions and any(fnmatch.fnmatchcase(arn, pattern) for pattern in resources)


def test_the_deploying_role_may_do_what_every_resource_of_the_program_needs() -> None:
    statements = json.loads(POLICY.read_text())["Statement"]
    for action, arn in sorted(rights_needed()):
        assert any(allowed(statement, action, arn) for statement in statements), f"{action} on {arn}"


def test_the_deploying_role_may_do_nothing_else() -> None:
    needed = rights_needed()
    for statement in json.loads(POLICY.read_text())["Statement"]:
        for action in [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]:
            assert any(action == wanted and allowed(statement, action, arn) for wanted, arn in needed), (
                f"{statement['Sid']}: {action}"
            )


def test_the_deploying_role_may_pass_roles_to_the_services_that_assume_them_alone() -> None:
    trusts = [role.json("assumeRolePolicy") for role in run_program("prod").all("aws:iam/role:Role")]
    services = {statement["Principal"]["Service"] for trust in trusts for statement in trust["Statement"]}
    statements = json.loads(POLICY.read_text())["Statement"]
    (passing,) = (statement for statement in statements if statement["Action"] == "iam:PassRole")
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": sorted(services)}}


def test_the_deploying_roles_policy_fits_a_managed_policy() -> None:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (white space does not count)
    assert len("".join(POLICY.read_text().split())) <= 6144


def test_an_iam_linter_knows_the_deploying_roles_actions(tmp_path: Path) -> None:
    (tmp_path / POLICY.name).write_text(POLICY.read_text())
    findings = {(found["issue"], str(found["detail"])) for found in parliament(tmp_path, tmp_path)}
    # CloudFormation's schema of AWS::ApiGatewayV2::Stage names both; the linter's list is older.
    newer = ("apigateway:TagResource", "apigateway:UntagResource")
    assert findings == {("UNKNOWN_ACTION", f"Unknown action {action}") for action in newer}
