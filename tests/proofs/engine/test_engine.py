"""The parts of `make engine`, whose whole needs the Pulumi CLI."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local.aws_clients import AwsClients
from local.emulator.server import running_emulator
from local.project import REPOSITORY, load_stack_config
from tests.proofs.engine.cli import STACK, Engine, EngineError, copy_product
from tests.proofs.engine.run import Broken, emulated, run
from tests.proofs.engine.steps import FUNCTION, LOG_GROUP, TABLE, Step, differences, parse_preview, unlike
from tests.support.local_deployment import deploy_real_program
from tests.support.program import run_program

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def step(operation: str, type_: str, name: str, *properties: str) -> Step:
    return Step(
        operation, f"urn:pulumi:local::taskguard::taskguard:x:Y${type_}::{name}", frozenset(properties)
    )


def test_a_preview_is_read_with_what_differs() -> None:
    urn = "urn:pulumi:local::taskguard::taskguard:alarms:Alarms$aws:cloudwatch/metricAlarm:MetricAlarm::slow"
    # As `PreviewDigest` of pulumi/pulumi, pkg/display/json.go, writes it.
    printed = {
        "config": {},
        "steps": [
            {
                "op": "same",
                "urn": "urn:pulumi:local::taskguard::pulumi:pulumi:Stack::taskguard-local",
                "detailedDiff": None,
            },
            {
                "op": "update",
                "urn": urn,
                "diffReasons": ["statistic"],
                "detailedDiff": {
                    "metricQueries[0].metric": {"kind": "update", "inputDiff": False},
                    "tags.Stack": {"kind": "add", "inputDiff": True},
                },
            },
        ],
        "changeSummary": {"same": 1, "update": 1},
    }
    same, update = parse_preview(json.dumps(printed))
    assert (same.operation, same.type, same.properties) == ("same", "pulumi:pulumi:Stack", frozenset())
    assert update == Step("update", urn, frozenset({"statistic", "metricQueries", "tags"}))
    assert str(update) == f"update {ALARM} slow (metricQueries, statistic, tags)"
    assert parse_preview('{"steps": null}') == []


def test_only_the_emulators_own_differences_are_forgiven() -> None:
    own = [step("update", ALARM, "slow", "statistic", "period"), step("same", TABLE, "tasks")]
    assert differences(own) == []
    ours = [
        step("update", ALARM, "slow", "statistic", "threshold"),
        step("update", ALARM, "unexplained"),
        step("create-replacement", ALARM, "slow", "statistic"),
        step("update", FUNCTION, "get-task", "statistic"),
        step("delete", TABLE, "tasks"),
    ]
    assert differences([*own, *ours]) == ours


def test_a_change_must_be_made_in_place_where_it_was_expected_and_nowhere_else() -> None:
    expected = {(FUNCTION, "process-task"), (LOG_GROUP, "process-task-log")}
    good = [step("update", *each) for each in sorted(expected)]
    assert unlike([*good, step("update", ALARM, "slow", "period")], expected) == []
    assert unlike(good[1:], expected) == [f"not updated: {good[0].type} {good[0].name}"]
    assert unlike([*good, step("update", FUNCTION, "get-task", "code")], expected) == [
        f"unexpected: update {FUNCTION} get-task (code)"
    ]
    replaced = step("create-replacement", FUNCTION, "process-task", "code")
    assert unlike([replaced, good[1]] if good[0].type == FUNCTION else [good[0], replaced], expected)[
        0
    ].startswith("not an update in place")


@pytest.mark.emulator
def test_an_empty_emulator_is_empty_and_a_deployed_stack_is_seen() -> None:
    with running_emulator(lambda _: None) as emulator:
        aws = AwsClients(emulator.endpoint_url, "us-east-1")
        assert emulated(aws) == []
        deploy_real_program(emulator.endpoint_url)
        found = emulated(aws)
    kinds = ("tasks", "process-task", "alarms", "/aws/lambda/taskguard-local-process-task")
    assert all(any(name.endswith(kind) for name in found) for kind in kinds)
    assert "taskguard-local" in found  # the API


class FakeEngine:
    """An engine that does as it should: it knows what was changed since the last `up`."""

    def __init__(self, product: Path) -> None:
        self.product = product
        self.deployed: list[str] = []
        self.pending: list[Step] = []
        self.protected = False
        self.checked = 0
        self._work = self._files()
        self._all = [
            step("same", TABLE, "tasks"),
            step("same", FUNCTION, "process-task"),
            step("same", FUNCTION, "get-task"),
            step("same", LOG_GROUP, "process-task-log"),
            step("same", LOG_GROUP, "get-task-log"),
        ]

    def _files(self) -> set[str]:
        return {path.name for path in (self.product / "functions/work").iterdir()}

    def init(self) -> None:
        assert self.deployed == []

    def up(self) -> None:
        self.deployed = [each.urn for each in self._all]
        self._work = self._files()
        self.pending = []

    def preview(self) -> list[Step]:
        changed = self._files() != self._work
        code = [step("update", FUNCTION, "process-task", "code")] if changed else []
        return [step("update", ALARM, "slow", "period"), *self.pending, *code]

    def set(self, setting: str, value: str) -> None:
        groups = [each for each in self._all if each.type == LOG_GROUP]
        if setting == "logRetentionDays":
            self.pending = [step("update", LOG_GROUP, each.name, "retentionInDays") for each in groups]
        else:
            self.protected = value == "true"
            self.pending = [step("update", TABLE, "tasks", "deletionProtectionEnabled")]

    def destroy(self) -> None:
        if self.protected:
            raise EngineError("error: resource cannot be deleted because it is protected")
        self.deployed = []

    def resources(self) -> list[str]:
        return list(self.deployed)

    def check(self, tasks: int) -> str:
        self.checked += tasks
        return "LOST: 0"


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    copy_product(tmp_path / "product", "http://127.0.0.1:1")
    return FakeEngine(tmp_path / "product")


def test_a_life_as_documented_is_accepted_and_tells_its_steps(engine: FakeEngine) -> None:
    told: list[str] = []
    run(engine, list, told.append)
    assert engine.checked == 30
    assert engine.deployed == []
    assert f"  the emulator's own difference: update {ALARM} slow (period)" in told
    assert told[-1] == "destroyed: nothing is left"


def _never_same(engine: FakeEngine) -> None:
    engine.preview = lambda: [step("update", FUNCTION, "get-task", "code")]  # type: ignore[method-assign]


def _replaces(engine: FakeEngine) -> None:
    preview = engine.preview
    engine.preview = lambda: [  # type: ignore[method-assign]
        Step("replace", each.urn, each.properties) if each.type == LOG_GROUP else each for each in preview()
    ]


def _ignores_code(engine: FakeEngine) -> None:
    preview = engine.preview
    engine.preview = lambda: [each for each in preview() if each.type != FUNCTION]  # type: ignore[method-assign]


def _destroys_what_is_protected(engine: FakeEngine) -> None:
    def destroy() -> None:
        engine.deployed = []

    engine.destroy = destroy  # type: ignore[method-assign]


def _destroys_half(engine: FakeEngine) -> None:
    destroy = engine.destroy

    def half() -> None:
        engine.deployed = engine.deployed[1:]
        destroy()

    engine.destroy = half  # type: ignore[method-assign]


def _forgets_to_delete(engine: FakeEngine) -> None:
    destroy = engine.destroy

    def most() -> None:
        before = engine.deployed
        destroy()
        engine.deployed = before[:1]

    engine.destroy = most  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (_never_same, "a difference: update"),
        (_replaces, "another change: not an update in place: replace"),
        (_ignores_code, "another change: not updated: aws:lambda/function:Function process-task"),
        (_destroys_what_is_protected, "a protected stack was destroyed"),
        (_destroys_half, "destroyed all the same: "),
        (_forgets_to_delete, "left in the state: "),
    ],
)
def test_each_step_is_judged(fault: Callable[[FakeEngine], None], said: str, engine: FakeEngine) -> None:
    fault(engine)
    with pytest.raises(Broken, match=said):
        run(engine, list, lambda _: None)


def test_what_is_left_in_the_emulator_is_named(engine: FakeEngine) -> None:
    with pytest.raises(Broken, match="left in the emulator: taskguard-local-tasks"):
        run(engine, lambda: ["taskguard-local-tasks"], lambda _: None)


def test_a_destroy_that_fails_for_another_reason_is_no_refusal(engine: FakeEngine) -> None:
    def destroy() -> None:
        raise EngineError("error: no plugin")

    engine.destroy = destroy  # type: ignore[method-assign]
    with pytest.raises(EngineError, match="no plugin"):
        run(engine, list, lambda _: None)


def test_the_copy_is_the_program_for_this_emulator(tmp_path: Path) -> None:
    copy_product(tmp_path / "product", "http://127.0.0.1:9")
    config = load_stack_config(STACK, program_folder=tmp_path / "product")
    (endpoints,) = json.loads(config["aws:endpoints"])
    assert set(endpoints.values()) == {"http://127.0.0.1:9"}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import ops, local.project as p; from infra.settings import stack; print(p.REPOSITORY)",
        ],
        cwd=tmp_path / "product",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(tmp_path / "product")
    assert (tmp_path / "product/.venv").resolve() == (REPOSITORY / ".venv").resolve()


def _cli(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Engine:
    """Put a `pulumi` first on the PATH, and return an engine that uses it."""
    (folder / "pulumi").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.defpath}")
    return Engine(folder, folder / "state")


def test_the_cli_finds_no_account_and_no_state_of_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "PULUMI_ACCESS_TOKEN", "PULUMI_STACK"):
        monkeypatch.setenv(name, "the user's")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    engine = _cli(tmp_path, monkeypatch, f'env > {tmp_path}/env; echo "$*" > {tmp_path}/words')
    engine.up()
    environment = dict(
        line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines() if "=" in line
    )
    assert "the user's" not in environment.values()
    assert environment["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/state"
    assert environment["PULUMI_HOME"] == str(tmp_path)
    assert "127.0.0.1" in environment["NO_PROXY"]
    words = "up --yes --skip-preview --exclude **QueryDefinition** --stack local --non-interactive"
    assert (tmp_path / "words").read_text().strip() == words


def test_a_command_that_fails_is_told_with_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = _cli(tmp_path, monkeypatch, "echo 'error: no such plugin' >&2; exit 255")
    with pytest.raises(EngineError, match=r"`pulumi preview --json .*` failed:\nerror: no such plugin"):
        engine.preview()


def test_without_the_cli_it_is_skipped_in_words(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.proofs.engine"],
        cwd=REPOSITORY,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("ENGINE: skipped. It needs the Pulumi CLI")


def test_what_is_changed_in_the_program_is_there_to_be_changed() -> None:
    """The names that the run expects are those of the program."""
    names = {(each.type, each.name) for each in run_program("local").resources}
    assert {(FUNCTION, "process-task"), (TABLE, "tasks"), (LOG_GROUP, "process-task-log")} <= names
