"""IAM and resource policies, as JSON from ARNs; the documents follow the IAM policy grammar.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi

Statement = Mapping[str, Any]


def document(statements: pulumi.Input[list[Statement]]) -> pulumi.Output[str]:
    """Return the policy's JSON, once all ARNs in it are known."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": statements})


def allow(sid: str, actions: Iterable[str], resource: pulumi.Input[str]) -> Statement:
    """Return a statement of a role's policy that allows exact actions on one resource."""
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resource}


def allow_service(
    sid: str,
    service: str,
    actions: Iterable[str],
    resource: pulumi.Input[str],
    condition: Mapping[str, Any],
) -> Statement:
    """Return a statement of a resource's policy: an AWS service may do exact actions, on a condition."""
    principal = {"Principal": {"Service": service}, "Condition": condition}
    return {**allow(sid, actions, resource), **principal}


def deny_without_tls(actions: Iterable[str], resource: pulumi.Input[str]) -> Statement:
    """Return a statement that refuses everyone who does not use TLS.

    A deny takes rights away and gives none, so wildcards, for the principal or in actions, are safe here.
    """
    return {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": sorted(actions),
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def assume_role(service: str) -> pulumi.Output[str]:
    """Return the trust policy of a role that one AWS service may take on."""
    return document(
        [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    )
