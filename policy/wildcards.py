"""The rule that policies allow what they name, and the wildcards that are allowed, each with its reason."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from policy.documents import Statement, statements
from policy.rule import Messages, Resource, ResourceRule

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
class Excuse:
    """A wildcard that is allowed: for these actions or fewer, on such resources, for this reason."""

    type: str
    actions: frozenset[str]
    resources: str
    reason: str
    principals: str = ".*"

    def covers(self, type_: str, statement: Statement) -> bool:
        """Tell whether a statement needs no more than this."""
        return (
            type_ == self.type
            and self.actions.issuperset(statement.actions)
            and all(re.fullmatch(self.resources, each) for each in statement.resources)
            and all(re.fullmatch(self.principals, each) for each in statement.principals)
        )


EXCUSES = (
    Excuse(
        "aws:iam/rolePolicy:RolePolicy",
        frozenset({"logs:CreateLogStream", "logs:PutLogEvents"}),
        r"arn:[^*]+:log-group:[^*]+:\*",
        "Lambda makes up the names of the streams in a function's log group; the group itself is named.",
    ),
    Excuse(
        "aws:iam/rolePolicy:RolePolicy",
        frozenset({"xray:PutTelemetryRecords", "xray:PutTraceSegments"}),
        r"\*",
        "X-Ray has no resources to name: "
        "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html",
    ),
    Excuse(
        "aws:kms/key:Key",
        frozenset({"kms:*"}),
        r"\*",
        "In a key's policy * is that key alone; without the account's own right nobody could ever change it: "
        "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
        principals=r"arn:[^*]+:iam::\d{12}:root",
    ),
    Excuse(
        "aws:kms/key:Key",
        frozenset({"kms:Decrypt", "kms:GenerateDataKey"}),
        r"\*",
        "In a key's policy * is that key alone, which cannot be named otherwise.",
        principals=r"cloudwatch\.amazonaws\.com",
    ),
)


def _no_wildcards(resource: Resource) -> Messages:
    for statement in statements(resource.props[DOCUMENTS[resource.resource_type]]):
        if statement.effect == "Allow" and not _excused(resource.resource_type, statement):
            yield from _wildcards(statement)


def _excused(type_: str, statement: Statement) -> bool:
    return not statement.negations and any(excuse.covers(type_, statement) for excuse in EXCUSES)


def _wildcards(statement: Statement) -> Iterator[str]:
    for kind in statement.negations:
        yield f"allows all but what {kind} names"
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
        "Policies name actions, resources and principals; a wildcard needs a reason in policy/wildcards.py.",
        tuple(DOCUMENTS),
        _no_wildcards,
    ),
)
