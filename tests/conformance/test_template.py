"""What AWS itself says of limits, enums and formats: cfn-lint reads them from AWS's resource schemas."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.scanners import cfn_lint
from tests.conformance.stacks import STACKS
from tests.conformance.template import MERGED, logical_id, template
from tests.support.fake_outputs import REGION


@pytest.fixture(scope="module")
def prod(templates: Path) -> dict[str, Any]:
    """Return the template of the stack with everything on."""
    parsed: dict[str, Any] = json.loads((templates / "prod-jwt.json").read_text())
    return parsed


def test_no_stack_has_a_finding(templates: Path, tmp_path: Path) -> None:
    assert cfn_lint(sorted(templates.glob("*.json")), REGION, tmp_path) == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_registered_resource_stands_in_the_template(stack: str) -> None:
    run = STACKS[stack]()
    expected = [logical_id(each) for each in run.resources if each.custom and each.type not in MERGED]
    assert sorted(template(run)["Resources"]) == sorted(expected)


def test_what_is_merged_into_other_resources_is_not_lost(prod: dict[str, Any]) -> None:
    queue = prod["Resources"]["DeadLettersQueue"]["Properties"]
    assert queue["RedriveAllowPolicy"]["redrivePermission"] == "byQueue"
    roles = [each for each in prod["Resources"].values() if each["Type"] == "AWS::IAM::Role"]
    assert [len(role["Properties"]["Policies"]) for role in roles] == [1, 1, 1, 1]


BROKEN = {
    "a limit": ("TasksQueue", "VisibilityTimeout", 43_201, "E3034"),
    "an enum": ("SubmitTaskFunction", "Runtime", "python3.99", "E3030"),
    "a format": ("SubmitTaskLogLogGroup", "LogGroupName", "with blanks", "E3031"),
    "a property that does not exist": ("TasksTable", "Encrypted", True, "E3002"),
    "an action of no service": ("SubmitTaskRoleRole", "Policies", "sqs:SendMassage", "W3037"),
}


def test_cfn_lint_notices_each_kind_of_mistake(prod: dict[str, Any], tmp_path: Path) -> None:
    for number, (logical, key, value, _) in enumerate(BROKEN.values()):
        broken = json.loads(json.dumps(prod))
        properties = broken["Resources"][logical]["Properties"]
        if key == "Policies":
            properties[key][0]["PolicyDocument"]["Statement"][0]["Action"] = [value]
        else:
            properties[key] = value
        (tmp_path / f"{number}.json").write_text(json.dumps(broken))
    findings = cfn_lint(sorted(tmp_path.glob("*.json")), REGION, tmp_path)
    codes = [code for *_, code in BROKEN.values()]
    for number, code in enumerate(codes):
        assert [each for each in findings if each.startswith(f"{number}.json: {code}")], findings
