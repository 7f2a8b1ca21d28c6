"""What the real program asks for is what the emulator then has."""

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.emulator.server import running_emulator
from local.project import REPOSITORY
from local.resources.inputs import pascal_keys
from local.resources.lambda_ import zip_bytes
from tests.support.local_deployment import Deployment, deploy_real_program

pytestmark = pytest.mark.emulator

ATTRIBUTES = {
    "VisibilityTimeout": "visibilityTimeoutSeconds",
    "MessageRetentionPeriod": "messageRetentionSeconds",
    "ReceiveMessageWaitTimeSeconds": "receiveWaitTimeSeconds",
    "MaximumMessageSize": "maxMessageSize",
}


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployment]:
    with running_emulator(lambda _: None) as emulator:
        yield deploy_real_program(emulator.endpoint_url)


def _queue(deployed: Deployment, url: str) -> dict[str, str]:
    attributes: Any = deployed.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
        "Attributes"
    ]
    return dict(attributes)


def test_the_queues_have_the_attributes_that_the_program_gives_them(deployed: Deployment) -> None:
    queues = deployed.inputs["aws:sqs/queue:Queue"]
    urls = {"tasks": deployed.outputs["taskQueueUrl"], "dead-letters": deployed.outputs["deadLetterQueueUrl"]}
    assert queues.keys() == urls.keys()
    for name, inputs in queues.items():
        attributes = _queue(deployed, urls[name])
        wanted = {key: str(inputs[source]) for key, source in ATTRIBUTES.items() if source in inputs}
        assert wanted.items() <= attributes.items()
        assert deployed.aws.sqs.list_queue_tags(QueueUrl=urls[name])["Tags"] == inputs["tags"]


def test_failed_tasks_go_where_the_program_says(deployed: Deployment) -> None:
    redrive = json.loads(_queue(deployed, deployed.outputs["taskQueueUrl"])["RedrivePolicy"])
    assert redrive == json.loads(deployed.inputs["aws:sqs/queue:Queue"]["tasks"]["redrivePolicy"])
    assert (
        redrive["deadLetterTargetArn"] == _queue(deployed, deployed.outputs["deadLetterQueueUrl"])["QueueArn"]
    )


def test_the_queues_have_their_policies(deployed: Deployment) -> None:
    policies = deployed.inputs["aws:sqs/queuePolicy:QueuePolicy"].values()
    assert len(policies) == 2
    for inputs in policies:
        assert json.loads(_queue(deployed, inputs["queueUrl"])["Policy"]) == json.loads(inputs["policy"])


def test_the_table_has_the_keys_the_indexes_and_the_protection_that_the_program_gives_it(
    deployed: Deployment,
) -> None:
    inputs = deployed.inputs["aws:dynamodb/table:Table"]["tasks"]
    name = deployed.outputs["tasksTableName"]
    table = deployed.aws.dynamodb.describe_table(TableName=name)["Table"]
    assert table["KeySchema"] == [{"AttributeName": inputs["hashKey"], "KeyType": "HASH"}]
    types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    assert types == {each["name"]: each["type"] for each in inputs["attributes"]}
    indexes = {index["IndexName"]: index for index in table["GlobalSecondaryIndexes"]}
    assert indexes.keys() == {wanted["name"] for wanted in inputs["globalSecondaryIndexes"]}
    for wanted in inputs["globalSecondaryIndexes"]:
        index = indexes[wanted["name"]]
        keys = [(key["AttributeName"], key["KeyType"]) for key in index["KeySchema"]]
        assert keys == [(wanted["hashKey"], "HASH"), (wanted["rangeKey"], "RANGE")]
        assert index["Projection"]["ProjectionType"] == wanted["projectionType"]
        assert index["Projection"].get("NonKeyAttributes") == wanted.get("nonKeyAttributes")
    assert table["DeletionProtectionEnabled"] == inputs["deletionProtectionEnabled"]
    cap = {"MaxReadRequestUnits": 500, "MaxWriteRequestUnits": 400}
    assert [table["OnDemandThroughput"], index["OnDemandThroughput"]] == [cap, cap]


def test_the_table_expires_and_backs_up_as_the_program_says(deployed: Deployment) -> None:
    inputs = deployed.inputs["aws:dynamodb/table:Table"]["tasks"]
    name = deployed.outputs["tasksTableName"]
    expiry = deployed.aws.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = deployed.aws.dynamodb.describe_continuous_backups(TableName=name)[
        "ContinuousBackupsDescription"
    ]
    assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == (
        "ENABLED",
        inputs["ttl"]["attributeName"],
    )
    assert inputs["pointInTimeRecovery"] == {"enabled": True}
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_the_functions_have_the_code_and_the_settings_that_the_program_gives_them(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    functions = deployed.inputs["aws:lambda/function:Function"].values()
    assert {inputs["name"] for inputs in functions} == set(deployed.outputs["functionNames"].values())
    for inputs in functions:
        found = deployed.aws.functions.get_function(FunctionName=inputs["name"])["Configuration"]
        digest = base64.b64encode(hashlib.sha256(zip_bytes(inputs["code"])).digest()).decode()
        assert found["CodeSha256"] == digest
        assert found["Environment"]["Variables"] == inputs["environment"]["variables"]
        assert [layer["Arn"] for layer in found["Layers"]] == inputs["layers"]
        assert found["LoggingConfig"]["LogGroup"] == inputs["loggingConfig"]["logGroup"]
        given = {key: inputs[key] for key in ("handler", "timeout", "memorySize", "role", "runtime")}
        assert given == {key: found[key[0].upper() + key[1:]] for key in given}  # type: ignore[literal-required]


def test_the_queues_feed_the_functions_as_the_program_says(deployed: Deployment) -> None:
    found = deployed.aws.functions.list_event_source_mappings()["EventSourceMappings"]
    wanted = deployed.inputs["aws:lambda/eventSourceMapping:EventSourceMapping"].values()
    assert len(found) == len(wanted) == 2
    by_source: dict[str, Any] = {mapping["EventSourceArn"]: mapping for mapping in found}
    for inputs in wanted:
        mapping = by_source[inputs["eventSourceArn"]]
        assert mapping["FunctionArn"] == inputs["functionName"]
        assert mapping["BatchSize"] == inputs["batchSize"]
        assert mapping["ScalingConfig"]["MaximumConcurrency"] == inputs["scalingConfig"]["maximumConcurrency"]
        assert (
            mapping["FunctionResponseTypes"] == inputs["functionResponseTypes"] == ["ReportBatchItemFailures"]
        )


def test_the_schedules_invoke_the_waker_as_the_program_says(deployed: Deployment) -> None:
    scheduler = deployed.aws.client("scheduler")
    wanted = deployed.inputs["aws:scheduler/schedule:Schedule"].values()
    (group,) = deployed.inputs["aws:scheduler/scheduleGroup:ScheduleGroup"].values()
    found = scheduler.list_schedules(GroupName=group["name"])["Schedules"]
    assert {each["Name"] for each in found} == {inputs["name"] for inputs in wanted}
    for inputs in wanted:
        schedule = scheduler.get_schedule(GroupName=inputs["groupName"], Name=inputs["name"])
        assert schedule["ScheduleExpression"] == inputs["scheduleExpression"]
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert schedule["State"] == "ENABLED"
        assert schedule["Target"] == pascal_keys(inputs["target"])
        waker = deployed.outputs["functionNames"]["wake_tasks"]
        assert schedule["Target"]["Arn"].endswith(f":function:{waker}")


def test_a_run_that_fails_is_not_repeated(deployed: Deployment) -> None:
    (inputs,) = deployed.inputs["aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"].values()
    found = deployed.aws.functions.get_function_event_invoke_config(FunctionName=inputs["functionName"])
    assert found["MaximumRetryAttempts"] == inputs["maximumRetryAttempts"] == 0
    assert found["MaximumEventAgeInSeconds"] == inputs["maximumEventAgeInSeconds"]


def test_the_api_has_the_routes_of_the_program(deployed: Deployment) -> None:
    api = deployed.outputs["apiEndpoint"].split("/")[-2]
    (stage,) = deployed.aws.apigateway.get_stages(ApiId=api)["Items"]
    limits = {"ThrottlingRateLimit": 400, "ThrottlingBurstLimit": 200}
    assert stage["RouteSettings"] == {"POST /tasks/batch": limits}
    found = deployed.aws.apigateway.get_routes(ApiId=api)["Items"]
    wanted = deployed.inputs["aws:apigatewayv2/route:Route"].values()
    assert {(route["RouteKey"], route["Target"], route["AuthorizationType"]) for route in found} == {
        (inputs["routeKey"], inputs["target"], inputs["authorizationType"]) for inputs in wanted
    }


def test_every_alarm_of_the_program_reaches_the_topic(deployed: Deployment) -> None:
    found = {alarm["AlarmName"]: alarm for alarm in deployed.aws.cloudwatch.describe_alarms()["MetricAlarms"]}
    wanted = deployed.inputs["aws:cloudwatch/metricAlarm:MetricAlarm"].values()
    assert found.keys() == {inputs["name"] for inputs in wanted}
    topic = [deployed.outputs["alarmTopicArn"]]
    for inputs in wanted:
        alarm = found[inputs["name"]]
        assert alarm["AlarmActions"] == topic
        assert alarm["OKActions"] == inputs.get("okActions", [])


def test_the_roles_have_the_policies_of_the_program(deployed: Deployment) -> None:
    policies = deployed.inputs["aws:iam/rolePolicy:RolePolicy"].values()
    # One for each function, and one for the schedules.
    assert len(policies) == len(deployed.outputs["functionNames"]) + 1
    for inputs in policies:
        found = deployed.aws.iam.get_role_policy(RoleName=inputs["role"], PolicyName=inputs["name"])
        assert found["PolicyDocument"] == json.loads(inputs["policy"])


def test_the_log_groups_keep_what_the_program_says(deployed: Deployment) -> None:
    found = {group["logGroupName"]: group for group in deployed.aws.logs.describe_log_groups()["logGroups"]}
    wanted = deployed.inputs["aws:cloudwatch/logGroup:LogGroup"].values()
    assert set(deployed.outputs["logGroupNames"].values()) < {inputs["name"] for inputs in wanted}
    for inputs in wanted:
        assert found[inputs["name"]]["retentionInDays"] == inputs["retentionInDays"]
