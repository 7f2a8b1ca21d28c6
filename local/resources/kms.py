"""Encryption keys, which the emulator keeps but does not encrypt with."""

from typing import Any

from local.deployer.aws_clients import AwsClients
from local.resources.creator import Created, Creator
from local.resources.inputs import Inputs


def _key(aws: AwsClients, inputs: Inputs) -> Created:
    inputs.without_meaning_here("deletionWindowInDays", "bypassPolicyLockoutSafetyCheck")
    kms = aws.client("kms")
    parameters = inputs.parameters("description", "policy", "keyUsage", "multiRegion")
    key: dict[str, Any] = kms.create_key(Tags=inputs.tag_list("TagKey", "TagValue"), **parameters)[
        "KeyMetadata"
    ]
    if inputs.take("enableKeyRotation"):
        kms.enable_key_rotation(KeyId=key["KeyId"])
    return Created(key["KeyId"], {"keyId": key["KeyId"], "arn": key["Arn"]})


def _alias(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.name()
    aws.client("kms").create_alias(AliasName=name, TargetKeyId=inputs.take("targetKeyId"))
    return Created(name, {"name": name})


CREATORS: dict[str, Creator] = {"aws:kms/key:Key": _key, "aws:kms/alias:Alias": _alias}
