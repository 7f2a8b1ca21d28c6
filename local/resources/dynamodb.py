"""Tables. See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html."""

from collections.abc import Mapping
from typing import Any

from local.aws_clients import WAITER_CONFIG, AwsClients
from local.resources.inputs import Created, Creator, Inputs, pascal_keys, present


def _table(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.name()
    indexes = [_index(index) for index in inputs.take("globalSecondaryIndexes", [])]
    attributes = [_attribute(attribute) for attribute in inputs.take("attributes", [])]
    created = aws.dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=attributes,
        KeySchema=_key_schema(inputs.take("hashKey"), inputs.take("rangeKey")),
        Tags=inputs.tag_list(),
        **present({"GlobalSecondaryIndexes": indexes, "SSESpecification": _encryption(inputs)}),
        **inputs.parameters("billingMode", "deletionProtectionEnabled", "tableClass", "onDemandThroughput"),
    )["TableDescription"]
    aws.dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig=WAITER_CONFIG)
    _switch_on_expiry(aws, name, inputs)
    _switch_on_backups(aws, name, inputs)
    return Created(name, {"name": name, "arn": created["TableArn"]})


def _attribute(attribute: Mapping[str, str]) -> Any:
    return {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}


def _key_schema(hash_key: str, range_key: str | None) -> list[Any]:
    keys = {"HASH": hash_key, "RANGE": range_key}
    return [{"AttributeName": name, "KeyType": kind} for kind, name in keys.items() if name]


def _index(index: Mapping[str, Any]) -> dict[str, Any]:
    schemas = index.get("keySchemas")
    cap = index.get("onDemandThroughput")
    return {
        "IndexName": index["name"],
        "KeySchema": pascal_keys(schemas)
        if schemas
        else _key_schema(index["hashKey"], index.get("rangeKey")),
        "Projection": present(
            {"ProjectionType": index["projectionType"], "NonKeyAttributes": index.get("nonKeyAttributes")}
        ),
        **({"OnDemandThroughput": pascal_keys(cap)} if cap else {}),
    }


def _encryption(inputs: Inputs) -> dict[str, Any]:
    wanted = inputs.take("serverSideEncryption", {})
    key = wanted.get("kmsKeyArn")
    kms = {"SSEType": "KMS", "KMSMasterKeyId": key} if key else {}
    return {"Enabled": wanted["enabled"], **kms} if wanted else {}


def _switch_on_expiry(aws: AwsClients, table: str, inputs: Inputs) -> None:
    wanted = inputs.take("ttl", {})
    if wanted.get("enabled"):
        specification: Any = {"Enabled": True, "AttributeName": wanted["attributeName"]}
        aws.dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)


def _switch_on_backups(aws: AwsClients, table: str, inputs: Inputs) -> None:
    wanted = inputs.take("pointInTimeRecovery", {})
    if wanted.get("enabled"):
        days = present({"RecoveryPeriodInDays": wanted.get("recoveryPeriodInDays")})
        specification: Any = {"PointInTimeRecoveryEnabled": True, **days}
        aws.dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification=specification
        )


CREATORS: dict[str, Creator] = {"aws:dynamodb/table:Table": _table}
