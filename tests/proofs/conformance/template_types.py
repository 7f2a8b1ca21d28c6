"""How each type of resource is written in CloudFormation.

Where a table says nothing, an input's name is that of the property with a small first letter, as Pulumi's AWS
provider mostly has it. An input that CloudFormation does not know is kept, so that cfn-lint reports it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Properties = dict[str, Any]
Convert = Callable[[Any], Any]

REDRIVE_ALLOW = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"

# Where `pulumi up` would have uploaded an archive; CloudFormation cannot say "these files".
UPLOADED = {"S3Bucket": "taskguard-artifacts", "S3Key": "archive.zip"}


def pascal(value: Any) -> Any:
    """Return a value with the keys of all objects in it starting with a capital."""
    if isinstance(value, Mapping):
        return {_capital(key): pascal(entry) for key, entry in value.items()}
    return [pascal(entry) for entry in value] if isinstance(value, list) else value


def as_it_is(value: Any) -> Any:
    """Return a value whose keys are names of things, not of properties."""
    return value


def one_of_a_list(value: Any) -> list[Any]:
    """Return a list of this value alone."""
    return [value]


def pairs(key: str, value: str) -> Convert:
    """Return a converter of a map to a list of objects with these two keys, as tags and dimensions are."""
    return lambda entries: [{key: name, value: text} for name, text in entries.items()]


@dataclass(frozen=True)
class Shape:
    """A type of CloudFormation's, and the inputs that are named (`names`) or written (`values`) otherwise.

    An input whose name is mapped to an empty text has no counterpart. Properties that are written `always`
    say what Pulumi's provider means by a missing input.
    """

    type: str
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Convert] = field(default_factory=dict)
    always: Mapping[str, Any] = field(default_factory=dict)

    def properties(self, inputs: Mapping[str, Any]) -> Properties:
        """Return the properties that these inputs are in CloudFormation."""
        values = {"tags": pairs("Key", "Value"), **self.values}
        names = {key: self.names.get(key, _capital(key)) for key in inputs}
        written = {name: values.get(key, pascal)(inputs[key]) for key, name in names.items() if name}
        return {**self.always, **written}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _index(index: Mapping[str, Any]) -> Properties:
    keys = {"HASH": index["hashKey"], "RANGE": index["rangeKey"]}
    projection = {key: index[key] for key in ("projectionType", "nonKeyAttributes") if key in index}
    return {
        "IndexName": index["name"],
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for kind, name in keys.items()],
        "Projection": pascal(projection),
        **({"OnDemandThroughput": pascal(cap)} if (cap := index.get("onDemandThroughput")) else {}),
    }


def _by_route(settings: list[Mapping[str, Any]]) -> Properties:
    return {
        each["routeKey"]: pascal({key: value for key, value in each.items() if key != "routeKey"})
        for each in settings
    }


def _metric_query(query: Mapping[str, Any]) -> Properties:
    written = pascal({key: value for key, value in query.items() if key != "metric"})
    if metric := query.get("metric"):
        measured = {key: metric[key] for key in ("namespace", "metricName", "dimensions")}
        stat = {"Period": metric["period"], "Stat": metric["stat"]}
        written["MetricStat"] = {"Metric": METRIC.properties(measured), **stat}
    return dict(written)


def _transformation(made: Mapping[str, Any]) -> Properties:
    return {
        "MetricName": made["name"],
        "MetricNamespace": made["namespace"],
        "MetricValue": made["value"],
        "DefaultValue": float(made["defaultValue"]),
        "Unit": made["unit"],
    }


METRIC = Shape("", values={"dimensions": pairs("Name", "Value")})

SHAPES: Mapping[str, Shape] = {
    "aws:dynamodb/table:Table": Shape(
        "AWS::DynamoDB::Table",
        names={
            "name": "TableName",
            "hashKey": "KeySchema",
            "attributes": "AttributeDefinitions",
            "pointInTimeRecovery": "PointInTimeRecoverySpecification",
            "serverSideEncryption": "SSESpecification",
            "ttl": "TimeToLiveSpecification",
        },
        values={
            "hashKey": lambda key: [{"AttributeName": key, "KeyType": "HASH"}],
            "attributes": lambda all_: [
                {"AttributeName": each["name"], "AttributeType": each["type"]} for each in all_
            ],
            "globalSecondaryIndexes": lambda all_: [_index(each) for each in all_],
            "pointInTimeRecovery": lambda chosen: {"PointInTimeRecoveryEnabled": chosen["enabled"]},
            "serverSideEncryption": lambda chosen: {"SSEEnabled": chosen["enabled"]},
        },
    ),
    "aws:sqs/queue:Queue": Shape(
        "AWS::SQS::Queue",
        names={
            "name": "QueueName",
            "messageRetentionSeconds": "MessageRetentionPeriod",
            "visibilityTimeoutSeconds": "VisibilityTimeout",
            "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
            "maxMessageSize": "MaximumMessageSize",
        },
        values={"redrivePolicy": json.loads},
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Shape(
        "AWS::SQS::QueuePolicy",
        names={"queueUrl": "Queues", "policy": "PolicyDocument"},
        values={"queueUrl": one_of_a_list, "policy": json.loads},
    ),
    "aws:cloudwatch/logGroup:LogGroup": Shape("AWS::Logs::LogGroup", names={"name": "LogGroupName"}),
    "aws:iam/role:Role": Shape(
        "AWS::IAM::Role",
        names={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
        values={"assumeRolePolicy": json.loads},
    ),
    "aws:lambda/layerVersion:LayerVersion": Shape(
        "AWS::Lambda::LayerVersion", names={"code": "Content"}, values={"code": lambda _: UPLOADED}
    ),
    "aws:lambda/function:Function": Shape(
        "AWS::Lambda::Function",
        names={"name": "FunctionName"},
        values={
            "code": lambda _: UPLOADED,
            "environment": lambda chosen: {"Variables": as_it_is(chosen["variables"])},
        },
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": Shape("AWS::Lambda::EventSourceMapping"),
    # Pulumi's provider means $LATEST where no qualifier is given; CloudFormation must be told.
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Shape(
        "AWS::Lambda::EventInvokeConfig", always={"Qualifier": "$LATEST"}
    ),
    "aws:lambda/permission:Permission": Shape(
        "AWS::Lambda::Permission", names={"function": "FunctionName", "statementId": ""}
    ),
    "aws:apigatewayv2/api:Api": Shape("AWS::ApiGatewayV2::Api", values={"tags": as_it_is}),
    "aws:apigatewayv2/authorizer:Authorizer": Shape(
        "AWS::ApiGatewayV2::Authorizer",
        names={"identitySources": "IdentitySource"},
        values={"jwtConfiguration": lambda jwt: {"Issuer": jwt["issuer"], "Audience": jwt["audiences"]}},
    ),
    "aws:apigatewayv2/integration:Integration": Shape("AWS::ApiGatewayV2::Integration"),
    "aws:apigatewayv2/route:Route": Shape("AWS::ApiGatewayV2::Route"),
    "aws:apigatewayv2/stage:Stage": Shape(
        "AWS::ApiGatewayV2::Stage",
        names={"name": "StageName"},
        values={"tags": as_it_is, "routeSettings": _by_route},
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Shape("AWS::Scheduler::ScheduleGroup"),
    "aws:scheduler/schedule:Schedule": Shape("AWS::Scheduler::Schedule"),
    "aws:kms/key:Key": Shape(
        "AWS::KMS::Key",
        names={"policy": "KeyPolicy", "deletionWindowInDays": "PendingWindowInDays"},
        values={"policy": json.loads},
    ),
    "aws:sns/topic:Topic": Shape("AWS::SNS::Topic", names={"name": "TopicName"}),
    "aws:sns/topicPolicy:TopicPolicy": Shape(
        "AWS::SNS::TopicPolicy",
        names={"arn": "Topics", "policy": "PolicyDocument"},
        values={"arn": one_of_a_list, "policy": json.loads},
    ),
    "aws:sns/topicSubscription:TopicSubscription": Shape(
        "AWS::SNS::Subscription", names={"topic": "TopicArn"}
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Shape(
        "AWS::CloudWatch::Alarm",
        names={"name": "AlarmName", "okActions": "OKActions", "metricQueries": "Metrics"},
        values={
            "dimensions": pairs("Name", "Value"),
            "metricQueries": lambda all_: [_metric_query(each) for each in all_],
        },
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Shape(
        "AWS::Logs::MetricFilter",
        names={
            "name": "FilterName",
            "pattern": "FilterPattern",
            "metricTransformation": "MetricTransformations",
        },
        values={"metricTransformation": lambda made: [_transformation(made)]},
    ),
    "aws:cloudwatch/dashboard:Dashboard": Shape("AWS::CloudWatch::Dashboard"),
    "aws:cloudwatch/queryDefinition:QueryDefinition": Shape("AWS::Logs::QueryDefinition"),
}
