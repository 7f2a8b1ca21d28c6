"""Rules about IAM policies: they name what they allow; the exceptions are listed here, with reasons.

Policies follow the IAM policy grammar, which allows one value or many in most places:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policy.rule import Messages, Resource, ResourceRule


@dataclass(frozen=True)
class Statement:
    """One statement, with lists where the grammar also allows single values."""

    source: Mapping[str, Any]

    @property
    def effect(self) -> str:
        """`Allow` or `Deny`."""
        return str(self.source["Effect"])

    @property
    def actions(self) -> list[str]:
        """The actions that it allows or denies."""
        return _many(self.source.get("Action"))

    @property
    def resources(self) -> list[str]:
        """Patterns of ARNs; empty in a role's trust policy."""
        return _many(self.source.get("Resource"))

    @property
    def principals(self) -> list[str]:
        """Principals of any kind; empty in a role's own policy."""
        principal = self.source.get("Principal")
        if isinstance(principal, Mapping):
            return [name for names in principal.values() for name in _many(names)]
        return _many(principal)

    @property
    def everyone(self) -> bool:
        """Whether its principal is everyone."""
        return "*" in self.principals

    @property
    def condition(self) -> Mapping[str, Any]:
        """Its condition block; empty if it has none."""
        return dict(self.source.get("Condition", {}))

    @property
    def negations(self) -> list[str]:
        """The elements that name exceptions, such as `NotAction`."""
        return [key for key in self.source if key.startswith("Not")]


def statements(document: str) -> list[Statement]:
    """Return the statements of a policy document in JSON."""
    return [Statement(each) for each in _many(json.loads(document)["Statement"])]


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


DOCUMENTS = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/role:Role": "assumeRolePolicy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:kms/key:Key": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
}
"""The input that holds each type's policy document."""


@dataclass(frozen=True)
class Exemption:
    """A wildcard that a policy may contain, and why.

    Attributes
    ----------
    type
        Token of the type that may have the policy.
    actions
        The actions that the wildcard may be allowed with; fewer are fine. None for any.
    sid
        A regular expression that the statement's name must match as a whole.
    resources, principals
        Regular expressions that each resource and each principal must match as a whole.
    reason
        Why it cannot be avoided.
    """

    type: str
    actions: frozenset[str] | None
    resources: str
    reason: str
    principals: str = ".*"
    sid: str = ".*"

    def covers(self, type_: str, statement: Statement) -> bool:
        """Return whether a statement allows no more than this."""
        return (
            type_ == self.type
            and (self.actions is None or self.actions.issuperset(statement.actions))
            and re.fullmatch(self.sid, str(statement.source.get("Sid", ""))) is not None
            and all(re.fullmatch(self.resources, each) for each in statement.resources)
            and all(re.fullmatch(self.principals, each) for each in statement.principals)
        )


EXEMPTIONS = (
    Exemption(
        "aws:iam/rolePolicy:RolePolicy",
        frozenset({"logs:CreateLogStream", "logs:PutLogEvents"}),
        r"arn:[^*]+:log-group:[^*]+:\*",
        "Lambda names the streams in a function's log group; the group itself is named.",
    ),
    Exemption(
        "aws:iam/rolePolicy:RolePolicy",
        frozenset({"xray:PutTelemetryRecords", "xray:PutTraceSegments"}),
        r"\*",
        "X-Ray has no resources to name: "
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html",
    ),
    Exemption(
        "aws:iam/rolePolicy:RolePolicy",
        frozenset(
            {
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:UnassignPrivateIpAddresses",
            }
        ),
        r"\*",
        "Lambda makes a function's network interfaces under its role, before it can name one: "
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions",
        sid="UseNetwork",
    ),
    Exemption(
        "aws:iam/rolePolicy:RolePolicy",
        None,
        r".*",
        "What the user's work may do stands in the setting workPermissions, where a wildcard needs a reason.",
        sid=r"Work\d+",
    ),
    Exemption(
        "aws:kms/key:Key",
        frozenset({"kms:*"}),
        r"\*",
        "In a key's policy, * is that key alone; without the account's own right, nobody could change it: "
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
        principals=r"arn:[^*]+:iam::\d{12}:root",
    ),
    Exemption(
        "aws:kms/key:Key",
        frozenset({"kms:Decrypt", "kms:GenerateDataKey"}),
        r"\*",
        "In a key's policy, * is that key alone, which cannot be named otherwise.",
        principals=r"cloudwatch\.amazonaws\.com",
    ),
)


def _no_wildcards(resource: Resource) -> Messages:
    for statement in statements(resource.props[DOCUMENTS[resource.resource_type]]):
        if statement.effect == "Allow" and not _exempt(resource.resource_type, statement):
            yield from _wildcards(statement)


def _exempt(type_: str, statement: Statement) -> bool:
    return not statement.negations and any(each.covers(type_, statement) for each in EXEMPTIONS)


def _wildcards(statement: Statement) -> Iterator[str]:
    for kind in statement.negations:
        yield f"allows everything except what {kind} names"
    for action in statement.actions:
        if "*" in action:
            yield f"allows the actions {action}"
    for arn in statement.resources:
        if "*" in arn:
            yield f"allows {', '.join(statement.actions)} on {arn}"
    if statement.everyone:
        yield f"allows {', '.join(statement.actions)} to everyone"


RULES = (
    ResourceRule(
        "policy-no-wildcards",
        "Policies name actions, resources and principals; a wildcard needs a reason in policy/iam.py.",
        tuple(DOCUMENTS),
        _no_wildcards,
    ),
)
