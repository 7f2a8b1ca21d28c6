"""The workflows: free of mistakes, pinned, with no more rights than each job needs, and none for forks."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.project import load_stack_config
from tests.support.program import REPOSITORY

GITHUB = REPOSITORY / ".github"
FOLDER = GITHUB / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))
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
    done = _zizmor(GITHUB)
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
        for file in (*WORKFLOWS, *ACTIONS)
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
    assert "uses" in job or job["timeout-minutes"] <= (90 if name == "deploy-stack.up" else 30)


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
    # The provider would hold those keys against the accounts that a stack names, and refuse them.
    run = [step.get("run", "") for step in job["steps"]]
    removed = run.index('pulumi config rm --stack "$STACK" aws:allowedAccountIds')
    assert removed < next(number for number, line in enumerate(run) if line.startswith("pulumi preview"))


def _steps(action: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = yaml.safe_load((GITHUB / "actions" / action / "action.yml").read_text())[
        "runs"
    ]["steps"]
    return steps


def _commands(text: str) -> list[str]:
    """Return the runs of the CLI in all jobs whose command is this, such as `pulumi up`."""
    return [step["run"] for _, job in _jobs() for step in job.get("steps", []) if text in step.get("run", "")]


def test_previews_and_deployments_run_under_the_policy_pack() -> None:
    (preview,) = (
        step["with"] for step in _steps("preview") if step.get("with", {}).get("command") == "preview"
    )
    assert preview["policyPacks"] == "policy"
    by_hand = [*_commands("pulumi preview"), *_commands("pulumi up")]
    assert len(by_hand) == 2
    assert all("--policy-pack policy" in command for command in by_hand)
    assert {step["with"]["command"] for step in _uses("pulumi/actions") if "command" in step["with"]} == {
        "preview"
    }


def _uses(action: str) -> list[dict[str, Any]]:
    steps = [step for _, job in _jobs() for step in job.get("steps", [])] + _steps("preview")
    return [step for step in steps if step.get("uses", "").startswith(action)]


def test_no_time_limit_cuts_an_update_in_half() -> None:
    (update,) = _commands("pulumi up")
    (limit,) = re.findall(r"timeout --verbose --signal=INT (\d+)m +pulumi up ", update)
    job = _parsed("deploy-stack.yml")["jobs"]["up"]
    # What is being made when it is interrupted is waited for, and saved with keys that are valid for an hour.
    assert int(limit) + 20 <= 60 <= job["timeout-minutes"]
    assert _parsed("deploy-stack.yml")["concurrency"]["cancel-in-progress"] is False


def _find_state(folder: Path, stack: str, listed: str) -> tuple[int, str]:
    """Run the step that looks for a stack, with a CLI that lists these; return its code and its choice."""
    (step,) = (step for step in _steps("preview") if step.get("id") == "state")
    cli, output = folder / "pulumi", folder / "output"
    cli.write_text(f"#!/bin/sh\n[ \"$*\" = 'stack ls --json' ] && {listed}\n")
    cli.chmod(0o755)
    output.write_text("")
    environment = {
        "PATH": f"{folder}:{os.defpath}:/usr/local/bin",
        "STACK": stack,
        "PULUMI_BACKEND_URL": "s3://state",
        "GITHUB_OUTPUT": str(output),
        "RUNNER_TEMP": str(folder),
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    return done.returncode, output.read_text().strip()


LISTED = """echo '[{"name": "dev"}, {"name": "organization/taskguard/prod"}]'"""


@pytest.mark.skipif(shutil.which("jq") is None, reason="GitHub's runners have jq, this machine does not")
def test_a_stack_is_previewed_against_its_state_and_a_new_one_against_an_empty_state(tmp_path: Path) -> None:
    assert _find_state(tmp_path, "dev", LISTED) == (0, "url=s3://state")
    assert _find_state(tmp_path, "prod", LISTED) == (0, "url=s3://state")
    assert _find_state(tmp_path, "other", LISTED) == (0, f"url=file://{tmp_path}/state")
    assert _find_state(tmp_path, "dev", "echo '[]'") == (0, f"url=file://{tmp_path}/state")
    assert (tmp_path / "state").is_dir()


def test_a_state_that_cannot_be_read_is_no_empty_state(tmp_path: Path) -> None:
    code, chosen = _find_state(tmp_path, "dev", "exit 255")
    assert code != 0
    assert chosen == ""


def test_a_preview_makes_a_stack_only_in_the_runners_own_state() -> None:
    (preview,) = (
        step["with"] for step in _steps("preview") if step.get("with", {}).get("command") == "preview"
    )
    assert preview["upsert"] == "${{ startsWith(steps.state.outputs.url, 'file:') }}"


def test_the_cli_has_the_version_of_the_sdk() -> None:
    (sdk,) = re.findall(r"^pulumi==(\S+)", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE)
    text = "".join(file.read_text() for file in (*WORKFLOWS, *ACTIONS))
    assert set(re.findall(r"pulumi-version: (\S+)", text)) == {sdk}


def test_production_comes_after_its_preview_that_after_dev_and_dev_after_the_tests() -> None:
    jobs = _parsed("deploy.yml")["jobs"]
    assert [jobs[name]["needs"] for name in ("dev", "preview", "prod")] == ["test", "dev", "preview"]
    assert _parsed("deploy-stack.yml")["jobs"]["up"]["environment"] == "${{ inputs.stack }}"
    (shown,) = (
        step["with"] for step in jobs["preview"]["steps"] if step["uses"] == "./.github/actions/preview"
    )
    assert shown["stack"] == jobs["prod"]["with"]["stack"] == "prod"
    (preview,) = (
        step["with"] for step in _steps("preview") if step.get("with", {}).get("command") == "preview"
    )
    assert preview["comment-on-summary"] is True
    # Approved by nobody, so with a role that changes nothing.
    assert shown["role"] == "${{ vars.AWS_PREVIEW_ROLE_ARN }}"
    assert "environment" not in jobs["preview"]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_deployed_stack_is_checked_as_its_api_authorizes_callers(stack: str) -> None:
    options = shlex.split(_parsed("deploy.yml")["jobs"][stack]["with"]["check"])
    auth = load_stack_config(stack)["taskguard:apiAuth"]
    assert options[: len(options) - 2] == ([] if auth == "none" else ["--auth", auth])
    assert options[-2] == "--tasks"
    steps = _parsed("deploy-stack.yml")["jobs"]["up"]["steps"]
    assert "ops check" in steps[-1]["run"]
    assert "if" not in steps[-1]


@pytest.mark.parametrize(
    "place", ["environment:prod", "environment:dev", "pull_request", "ref:refs/heads/main"]
)
def test_the_documented_subjects_have_the_ids_that_new_repositories_tokens_have(place: str) -> None:
    text = (REPOSITORY / "docs" / "deploying.md").read_text()
    assert f"repo:OWNER@OWNER_ID/NAME@REPOSITORY_ID:{place}" in text
    assert "repo:OWNER/NAME:" not in "".join(file.read_text() for file in WORKFLOWS)


def test_a_pull_request_runs_what_ci_runs() -> None:
    script = (REPOSITORY / ".ci" / "run").read_text()
    steps = _parsed("test.yml")["jobs"]["test"]["steps"]
    run = [step["run"].removesuffix(" PYTHON=python") for step in steps if "run" in step]
    assert run == [line for line in script.splitlines() if line.startswith("make ")]


def test_the_real_engine_is_run_where_the_cli_is() -> None:
    steps = _parsed("test.yml")["jobs"]["engine"]["steps"]
    setup, run = steps[-2:]
    assert setup["uses"].startswith("pulumi/actions@")
    assert "command" not in setup["with"]
    assert run["run"] == "make engine PYTHON=python"
