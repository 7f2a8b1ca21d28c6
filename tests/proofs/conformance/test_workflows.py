"""The workflows: free of mistakes, pinned, with no more rights than each job needs, and none for forks."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.program import REPOSITORY

FOLDER = REPOSITORY / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
PROGRAMS = Path(sys.executable).parent
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")

# A title of a pull request as a shell command; an expression that names nothing.
INJECTION = """
on: pull_request
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: echo ${{ github.event.pull_request.title }}
"""
MISTAKE = INJECTION.replace("github.event.pull_request.title", "github.no_such_thing")


def _actionlint(*files: Path) -> subprocess.CompletedProcess[str]:
    # Without shellcheck and pyflakes: a run must not depend on what else is installed.
    command = [str(PROGRAMS / "actionlint"), "-shellcheck=", "-pyflakes=", *map(str, files)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def _zizmor(path: Path) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAMS / "zizmor"), "--offline", "--no-config", "--quiet", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _parsed(name: str) -> dict[str, Any]:
    workflow: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return workflow


def _jobs() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{file.stem}.{name}", job) for file in WORKFLOWS for name, job in _parsed(file.name)["jobs"].items()
    ]


def test_actionlint_finds_nothing() -> None:
    done = _actionlint(*WORKFLOWS)
    assert (done.returncode, done.stdout) == (0, "")


def test_zizmor_finds_nothing() -> None:
    done = _zizmor(FOLDER)
    assert done.returncode == 0, done.stdout


def test_both_linters_see_a_mistake(tmp_path: Path) -> None:
    mistake, injection = tmp_path / "mistake.yml", tmp_path / "injection.yml"
    mistake.write_text(MISTAKE)
    injection.write_text(INJECTION)
    assert "no_such_thing" in _actionlint(mistake).stdout
    assert "template-injection" in _zizmor(injection).stdout


def test_every_action_is_pinned_to_a_commit_and_says_its_version() -> None:
    used = [
        line.split("uses:")[1].strip()
        for file in WORKFLOWS
        for line in file.read_text().splitlines()
        if "uses:" in line
    ]
    foreign = [each for each in used if not each.startswith("./")]
    assert len(foreign) >= 10
    assert [each for each in foreign if not PINNED.fullmatch(each)] == []


@pytest.mark.parametrize(("name", "job"), _jobs(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_job_has_its_own_rights_and_an_end(name: str, job: dict[str, Any]) -> None:
    assert "contents" in job["permissions"]
    assert set(job["permissions"].items()) <= {
        ("contents", "read"),
        ("id-token", "write"),
        ("pull-requests", "write"),
    }
    assert "uses" in job or job["timeout-minutes"] <= 30


def test_no_workflow_has_rights_of_its_own() -> None:
    assert [_parsed(file.name)["permissions"] for file in WORKFLOWS] == [{}] * len(WORKFLOWS)


def test_a_forks_preview_has_no_rights_no_secret_and_no_account() -> None:
    job = _parsed("preview.yml")["jobs"]["undeployed"]
    assert job["permissions"] == {"contents": "read"}
    assert "head.repo.full_name != github.repository" in job["if"]
    text = yaml.safe_dump(job)
    assert "secrets." not in text
    assert "role-to-assume" not in text
    assert job["env"]["AWS_ACCESS_KEY_ID"] == "none"


def test_previews_and_deployments_run_under_the_policy_pack() -> None:
    steps = [step for _, job in _jobs() for step in job.get("steps", [])]
    updates = [step["with"] for step in steps if step.get("with", {}).get("command") in ("preview", "up")]
    assert [step["policyPacks"] for step in updates] == ["policy", "policy"]
    (by_hand,) = (step["run"] for step in steps if "pulumi preview" in step.get("run", ""))
    assert "--policy-pack policy" in by_hand


def test_the_cli_has_the_version_of_the_sdk() -> None:
    (sdk,) = re.findall(r"^pulumi==(\S+)", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE)
    text = "".join(file.read_text() for file in WORKFLOWS)
    assert set(re.findall(r"pulumi-version: (\S+)", text)) == {sdk}


def test_production_comes_after_dev_and_dev_after_the_tests() -> None:
    jobs = _parsed("deploy.yml")["jobs"]
    assert (jobs["dev"]["needs"], jobs["prod"]["needs"]) == ("test", "dev")
    assert _parsed("deploy-stack.yml")["jobs"]["up"]["environment"] == "${{ inputs.stack }}"


def test_a_pull_request_runs_what_ci_runs() -> None:
    script = (REPOSITORY / ".ci" / "run").read_text()
    steps = _parsed("test.yml")["jobs"]["test"]["steps"]
    run = [step["run"].removesuffix(" PYTHON=python") for step in steps if "run" in step]
    assert run == [line for line in script.splitlines() if line.startswith("make ")]
