"""What a security scanner finds in the registered resources, but for what is waived with a reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.proofs.conformance.checkov_waivers import WAIVERS
from tests.proofs.conformance.scanners import checkov
from tests.proofs.conformance.stacks import STACKS

Findings = dict[str, set[str]]
"""Ids of the rules that a template breaks, by its file's name."""


@pytest.fixture(scope="module")
def report(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return checkov's report about every stack, and about prod without what secures it."""
    folder = tmp_path_factory.mktemp("scanned")
    for each in templates.glob("*.json"):
        (folder / each.name).write_text(each.read_text())
    insecure = json.loads((templates / "prod.json").read_text())
    del insecure["Resources"]["TasksTable"]["Properties"]["PointInTimeRecoverySpecification"]
    del insecure["Resources"]["AlarmsTopic"]["Properties"]["KmsMasterKeyId"]
    del insecure["Resources"]["ApiStageStage"]["Properties"]["AccessLogSettings"]
    (folder / "insecure.json").write_text(json.dumps(insecure))
    return checkov(folder, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def findings(report: dict[str, Any]) -> Findings:
    """Return the broken rules of each template."""
    broken: Findings = {}
    for check in report["results"]["failed_checks"]:
        broken.setdefault(Path(check["file_path"]).name, set()).add(check["check_id"])
    return broken


def test_all_templates_were_read_and_judged(report: dict[str, Any]) -> None:
    assert report["summary"]["parsing_errors"] == 0
    judged = {Path(check["file_path"]).name for check in report["results"]["passed_checks"]}
    assert judged == {*(f"{stack}.json" for stack in STACKS), "insecure.json"}


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_has_the_waived_findings_and_no_other(findings: Findings, stack: str) -> None:
    assert findings[f"{stack}.json"] == set(WAIVERS)


def test_the_scanner_misses_what_is_taken_away(findings: Findings) -> None:
    missed = findings["insecure.json"] - set(WAIVERS)
    assert missed == {"CKV_AWS_28", "CKV_AWS_26", "CKV_AWS_95"}
