"""Policy documents of roles and resources, as JSON that follows the IAM policy grammar.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi

Statement = Mapping[str, Any]


def document(statements: pulumi.Input[list[Statement]]) -> pulumi.Output[str]:
    """Return a policy as JSON, known once all ARNs in it are."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})


def allow(
    sid: str, actions: Iterable[str], resource: pulumi.Input[str] | Sequence[pulumi.Input[str]]
) -> Statement:
    """Return a statement of a role's policy: exact actions are allowed on one resource, or on several."""
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}


def allow_service(
    sid: str,
    service: str,
    actions: Iterable[str],
    resource: pulumi.Input[str],
    condition: Mapping[str, Any],
) -> Statement:
    """Return a statement of a resource's policy: one AWS service is allowed exact actions, on a condition."""
    principal = {"Principal": {"Service": service}, "Condition": condition}
    return {**allow(sid, actions, resource), **principal}


def deny_without_tls(actions: Iterable[str], resource: pulumi.Input[str]) -> Statement:
    """Return a statement of a resource's policy that denies the actions to everyone who does not use TLS.

    Wildcards are safe in it, for the principal and in actions: a deny grants nothing.
    """
    return {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": sorted(actions),
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def assume_role(service: str, condition: Mapping[str, Any] | None = None) -> pulumi.Output[str]:
    """Return the trust policy of a role that one AWS service may assume, perhaps on a condition only."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document([{**statement, "Condition": condition} if condition else statement])
