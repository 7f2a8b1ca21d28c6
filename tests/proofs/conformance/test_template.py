"""What AWS itself says of limits, enums and formats: cfn-lint reads them from AWS's resource schemas."""

import json
from pathlib import Path

import pytest

from tests.proofs.conformance.scanners import cfn_lint
from tests.proofs.conformance.template import MERGED, STACKS, logical_id, template
from tests.support.fake_outputs import REGION

UNKNOWN_ACTION = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMassage", "Resource": "*"}],
}
BROKEN = {
    "a limit": ("TasksQueue", {"VisibilityTimeout": 43_201}, "E3034"),
    "an enum": ("SubmitTaskFunction", {"Runtime": "python3.99"}, "E3030"),
    "a format": ("SubmitTaskLogLogGroup", {"LogGroupName": "with blanks"}, "E3031"),
    "a property that does not exist": ("TasksTable", {"Encrypted": True}, "E3002"),
    "an action of no service": ("TasksTlsQueuePolicy", {"PolicyDocument": UNKNOWN_ACTION}, "W3037"),
}
"""Kinds of mistakes: the resource, what is changed, and the rule of cfn-lint that it breaks."""


@pytest.fixture(scope="module")
def findings(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return what cfn-lint finds in the stacks' templates, and in one with every kind of mistake."""
    folder = tmp_path_factory.mktemp("broken")
    broken = json.loads((templates / "prod.json").read_text())
    for logical, properties, _ in BROKEN.values():
        broken["Resources"][logical]["Properties"] |= properties
    (folder / "broken.json").write_text(json.dumps(broken))
    return cfn_lint([*sorted(templates.glob("*.json")), folder / "broken.json"], REGION, folder)


def test_no_stack_has_a_finding(findings: list[str]) -> None:
    assert [each for each in findings if each.startswith(tuple(f"{stack}.json:" for stack in STACKS))] == []


@pytest.mark.parametrize("kind", BROKEN)
def test_cfn_lint_notices(kind: str, findings: list[str]) -> None:
    assert [each for each in findings if each.startswith(f"broken.json: {BROKEN[kind][2]}:")]


@pytest.mark.parametrize("stack", STACKS)
def test_every_registered_resource_stands_in_the_template(stack: str) -> None:
    run = STACKS[stack]()
    expected = [logical_id(each) for each in run.resources if each.custom and each.type not in MERGED]
    assert sorted(template(run)["Resources"]) == sorted(expected)


def test_what_is_merged_into_other_resources_is_not_lost() -> None:
    resources = template(STACKS["prod"]())["Resources"]
    queue = resources["DeadLettersQueue"]["Properties"]
    assert queue["RedriveAllowPolicy"]["redrivePermission"] == "byQueue"
    roles = [each for each in resources.values() if each["Type"] == "AWS::IAM::Role"]
    assert [len(role["Properties"]["Policies"]) for role in roles] == [1] * 6
