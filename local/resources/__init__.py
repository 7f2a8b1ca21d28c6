"""Every resource type that the local cloud can create, and how."""

import uuid

from local.deployer.aws_clients import AwsClients
from local.resources import apigateway, cloudwatch, dynamodb, iam, kms, lambda_, logs, sns, sqs
from local.resources.creator import Created, Creator
from local.resources.inputs import Inputs


def _provider(_: AwsClients, inputs: Inputs) -> Created:
    # There is no provider here: whatever it is told (endpoints, credentials, retries), the emulator is meant.
    inputs.without_meaning_here(*inputs.values)
    return Created(str(uuid.uuid4()))


CREATORS: dict[str, Creator] = {
    "pulumi:providers:aws": _provider,
    **apigateway.CREATORS,
    **cloudwatch.CREATORS,
    **dynamodb.CREATORS,
    **iam.CREATORS,
    **kms.CREATORS,
    **lambda_.CREATORS,
    **logs.CREATORS,
    **sns.CREATORS,
    **sqs.CREATORS,
}
"""By Pulumi type token."""
