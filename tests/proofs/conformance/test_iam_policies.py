"""What an IAM linter says of each policy: unknown actions, actions that a resource does not know."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.proofs.conformance.scanners import parliament
from tests.proofs.conformance.template import STACKS
from tests.proofs.conformance.template_types import ROLE_POLICY


def allowing(action: str, resource: str) -> dict[str, Any]:
    """Return a policy with one statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


BAD_POLICIES = {
    "UNKNOWN_ACTION": allowing("sqs:SendMassage", "arn:aws:sqs:eu-west-1:123456789012:tasks"),
    "RESOURCE_MISMATCH": allowing("sqs:SendMessage", "arn:aws:dynamodb:eu-west-1:123456789012:table/tasks"),
    "RESOURCE_STAR": allowing("sqs:SendMessage", "*"),
}


def test_no_role_has_a_finding(tmp_path: Path) -> None:
    for stack, run in STACKS.items():
        for policy in run().all(ROLE_POLICY):
            (tmp_path / f"{stack}-{policy.name}.json").write_text(policy.inputs["policy"])
    assert len(list(tmp_path.iterdir())) == 6 * len(STACKS) + 1
    found = parliament(tmp_path, tmp_path)
    assert [each for each in found if each["issue"] != "RESOURCE_STAR" or not _is_network(each)] == []
    assert len(found) == 1


def _is_network(finding: Any) -> bool:
    """Tell whether it is about the right to make network interfaces, which nobody can name before."""
    return "ec2:CreateNetworkInterface" in json.dumps(finding)


@pytest.mark.parametrize("issue", BAD_POLICIES)
def test_the_linter_sees(issue: str, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(json.dumps(BAD_POLICIES[issue]))
    assert issue in {finding["issue"] for finding in parliament(tmp_path, tmp_path)}
