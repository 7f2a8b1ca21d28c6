"""Log groups and saved Logs Insights queries."""

import functools
import logging
import threading
import uuid
from typing import Any

from botocore.exceptions import ClientError

from local.deployer.aws_clients import AwsClients
from local.resources.creator import Created, Creator
from local.resources.inputs import Inputs


def _log_group(aws: AwsClients, inputs: Inputs) -> Created:
    name, retention = inputs.name(), inputs.take("retentionInDays", 0)
    inputs.without_meaning_here("skipDestroy")
    aws.logs.create_log_group(
        logGroupName=name, tags=inputs.tags(), **_own_names(inputs, "kmsKeyId", "logGroupClass")
    )
    # 0 is the AWS provider's word for "never expires", which in AWS is the absence of a policy.
    if retention:
        aws.logs.put_retention_policy(logGroupName=name, retentionInDays=retention)
    return Created(name, {"name": name, "arn": _arn(aws, name)})


def _own_names(inputs: Inputs, *keys: str) -> dict[str, Any]:
    return {key: value for key in keys if (value := inputs.take(key)) is not None}


def _arn(aws: AwsClients, name: str) -> str:
    groups = aws.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    arn = next(group["arn"] for group in groups if group["logGroupName"] == name)
    # CloudWatch Logs ends it with ":*", the AWS provider does not.
    return arn.removesuffix(":*")


def _query_definition(aws: AwsClients, inputs: Inputs) -> Created:
    parameters = _own_names(inputs, "queryString", "logGroupNames")
    try:
        query = aws.logs.put_query_definition(name=inputs.name(), **parameters)["queryDefinitionId"]
    except ClientError as error:
        query = _unkept(error)
    return Created(query, {"queryDefinitionId": query})


def _unkept(error: ClientError) -> str:
    # A saved query is text for people; that the emulator keeps none is no reason not to deploy the rest.
    if "Unknown action" not in error.response["Error"]["Message"]:
        raise error
    with _TELLING:
        _tell_once(
            "The emulator keeps no saved Logs Insights queries; their parameters were checked, no more."
        )
    return str(uuid.uuid4())


_TELLING = threading.Lock()


@functools.cache
def _tell_once(message: str) -> None:
    logging.getLogger(__name__).warning(message)


CREATORS: dict[str, Creator] = {
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:cloudwatch/queryDefinition:QueryDefinition": _query_definition,
}
