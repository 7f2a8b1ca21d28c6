"""What a security scanner finds in the registered resources, but for what is waived with a reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.proofs.conformance.scanners import checkov
from tests.proofs.conformance.template import STACKS

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
    assert findings[f"{stack}.json"] == WAIVERS.keys() | WAIVERS_OF.get(stack, {}).keys()


def test_the_scanner_misses_what_is_taken_away(findings: Findings) -> None:
    missed = findings["insecure.json"] - set(WAIVERS)
    assert missed == {"CKV_AWS_28", "CKV_AWS_26", "CKV_AWS_95"}


WAIVERS = {
    "CKV_AWS_27": (
        "Queues are encrypted with SQS's own keys (SSE-SQS), which this rule does not know. A key of our own "
        "would add a KMS call and its throttling to each task, and guard against nobody whom the queue's own "
        "policy does not keep out."
    ),
    "CKV_AWS_119": (
        "The table is encrypted with AWS's key for DynamoDB in KMS, whose use shows in CloudTrail. A key of "
        "our own would be worth it only where another team must be able to revoke it."
    ),
    "CKV_AWS_158": (
        "CloudWatch encrypts every log group. A key of our own would make the logs unreadable with the very "
        "key that one would look for in them."
    ),
    "CKV_AWS_173": "Lambda encrypts the environment, which holds names and limits, and no secret.",
    "CKV_AWS_115": (
        "Queue consumers are bounded by their mapping's maximum concurrency, API functions by the stage's "
        "throttling. A reservation would take its share from every other function of the account."
    ),
    "CKV_AWS_116": (
        "Lambda's dead-letter queue is for asynchronous invocations. The API invokes synchronously; what a "
        "queue delivers goes to that queue's dead-letter queue, where it stays until it is recorded. A run "
        "of wake_tasks that fails is made good by the next, and an alarm goes off when there is none."
    ),
    "CKV_AWS_117": (
        "The functions reach nothing in a private network: only DynamoDB and SQS, over TLS and with IAM. A "
        "VPC would add endpoints to pay and slower starts."
    ),
}

WAIVERS_OF = {
    "prod-lanes": {
        "CKV_AWS_111": "Lambda makes network interfaces under a function's role, before it can name one."
    }
}
"""What only one of the stacks has."""
