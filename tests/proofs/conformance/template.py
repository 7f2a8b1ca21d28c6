"""The stacks under test, and their registered resources as CloudFormation templates for linters."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import Any

from taskguard.kinds import DEFAULT_LANE, Kind, Kinds, Lane
from tests.proofs.conformance.template_types import REDRIVE_ALLOW, ROLE_POLICY, SHAPES, Properties
from tests.support.program import ProgramRun, Registered, run_program, run_with_kinds

MERGED = {REDRIVE_ALLOW, ROLE_POLICY}
"""Resources of Pulumi that are properties of another resource in CloudFormation."""


def template(run: ProgramRun) -> dict[str, Any]:
    """Return the template of all resources that a run registered.

    Names, ARNs and URLs stand in it as the mock monitor made them up, so it can be linted but not deployed.

    Raises
    ------
    KeyError
        When a resource's type has no translation.
    """
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "TaskGuard, translated from the registered resources",
        "Resources": {logical_id(each): _resource(each, run) for each in _custom(run.resources)},
    }


def logical_id(resource: Registered) -> str:
    """Return a resource's name in the template: letters and digits of its name, and its type."""
    words = f"{resource.name}-{resource.type.rsplit(':', 1)[1]}".split("-")
    return "".join(word[0].upper() + word[1:] for word in words)


def _custom(resources: Iterable[Registered]) -> list[Registered]:
    return [each for each in resources if each.custom and each.type not in MERGED]


def _resource(resource: Registered, run: ProgramRun) -> dict[str, Any]:
    shape = SHAPES[resource.type]
    properties = shape.properties(resource.inputs)
    if resource.type == "aws:sqs/queue:Queue":
        properties |= _redrive_allow(resource, run)
    if resource.type == "aws:iam/role:Role":
        properties |= _inline_policies(resource, run)
    return {"Type": shape.type, "Properties": properties}


def _redrive_allow(queue: Registered, run: ProgramRun) -> Properties:
    owned = [each for each in run.all(REDRIVE_ALLOW) if queue.urn in each.property_dependencies["queueUrl"]]
    return {"RedriveAllowPolicy": owned[0].json("redriveAllowPolicy")} if owned else {}


def _inline_policies(role: Registered, run: ProgramRun) -> Properties:
    owned = [each for each in run.all(ROLE_POLICY) if role.urn in each.property_dependencies["role"]]
    return {
        "Policies": [
            {"PolicyName": each.inputs["name"], "PolicyDocument": each.json("policy")} for each in owned
        ]
    }


EVERYTHING_ON = {
    "apiAuth": "jwt",
    "apiJwtIssuer": "https://issuer.example.com",
    "apiJwtAudience": '["taskguard"]',
    "apiJwtScopes": '["tasks"]',
    "tableMaxWriteUnits": "400",
    "corsOrigins": '["https://example.com"]',
    "alarmEmail": "ops@example.com",
    "batchSize": "100",
    "batchingWindowSeconds": "5",
}

LANES = Kinds(
    {"video": Kind("work.videos:cut", lane="slow")},
    {
        DEFAULT_LANE: Lane(),
        "slow": Lane(environment=("BUCKET",), secrets=("KEY",), vpc=True, max_concurrency=5),
    },
)
LANES_GIVEN = {
    "workEnvironment": '{"BUCKET": "videos"}',
    "workSecrets": '{"KEY": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf"}',
    "workVpc": '{"subnetIds": ["subnet-0a1b2c3d"], "securityGroupIds": ["sg-0a1b2c3d"]}',
    "workPermissions": '{"slow": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::videos/*"],'
    ' "reason": "names of videos are not known beforehand"}]}',
}
"""A second lane with everything that work may use."""

STACKS: Mapping[str, Callable[[], ProgramRun]] = {
    "dev": partial(run_program, "dev"),
    "local": partial(run_program, "local"),
    "prod": partial(run_program, "prod"),
    "prod-jwt": partial(run_program, "prod", EVERYTHING_ON),
    "prod-lanes": cache(partial(run_with_kinds, LANES, LANES_GIVEN, stack="prod")),
}
"""Runs by name; made at the first use, so that collecting tests runs no program."""
