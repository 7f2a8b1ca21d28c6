"""Every type of resource that the local cloud can create, and how."""

import uuid

from local.aws_clients import AwsClients
from local.resources import apigateway, cloudwatch, dynamodb, lambda_, messaging, scheduler, security
from local.resources.inputs import Created, Creator, Inputs


def _provider(_: AwsClients, inputs: Inputs) -> Created:
    # There is no provider: whatever its inputs say (endpoints, credentials, retries), the emulator is meant.
    inputs.without_meaning_here(*inputs.values)
    return Created(str(uuid.uuid4()))


CREATORS: dict[str, Creator] = {
    "pulumi:providers:aws": _provider,
    **apigateway.CREATORS,
    **cloudwatch.CREATORS,
    **dynamodb.CREATORS,
    **lambda_.CREATORS,
    **messaging.CREATORS,
    **scheduler.CREATORS,
    **security.CREATORS,
}
"""What creates a resource, by Pulumi type token."""
