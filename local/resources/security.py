"""IAM roles with their policies, and KMS keys: the emulator keeps them, but neither enforces nor encrypts."""

from typing import Any

from local.aws_clients import AwsClients
from local.resources.inputs import Created, Creator, Inputs


def _role(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.name()
    role = aws.iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=inputs.take("assumeRolePolicy"),
        Tags=inputs.tag_list(),
        **inputs.parameters("description", "path", "maxSessionDuration", "permissionsBoundary"),
    )["Role"]
    return Created(name, {"name": name, "arn": role["Arn"], "uniqueId": role["RoleId"]})


def _role_policy(aws: AwsClients, inputs: Inputs) -> Created:
    name, role = inputs.name(), inputs.take("role")
    aws.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=inputs.take("policy"))
    return Created(f"{role}:{name}", {"name": name})


def _role_policy_attachment(aws: AwsClients, inputs: Inputs) -> Created:
    role, policy = inputs.take("role"), inputs.take("policyArn")
    aws.iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    return Created(f"{role}/{policy}")


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


CREATORS: dict[str, Creator] = {
    "aws:iam/role:Role": _role,
    "aws:iam/rolePolicy:RolePolicy": _role_policy,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _role_policy_attachment,
    "aws:kms/key:Key": _key,
    "aws:kms/alias:Alias": _alias,
}
