"""`local` and `demo`, with a stack in moto in the local cloud's place."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from local.errors import DeployError
from ops.check import run
from ops.check.api import connections
from ops.cli import app
from tests.ops.fake_api import FakeApi
from tests.ops.moto_stack import MotoStack, outputs_document


class FakeLocalCloud:
    """Remembers how it was called, and whether it was left."""

    def __init__(self, outputs: dict[str, Any]) -> None:
        self.outputs = outputs
        self.calls: list[dict[str, Any]] = []
        self.is_down = False
        self.error: Exception | None = None

    @contextmanager
    def __call__(self, **arguments: Any) -> Iterator[Mapping[str, Any]]:
        self.calls.append(arguments)
        arguments["progress"]("deploying [it] ...")
        if self.error:
            raise self.error
        try:
            yield self.outputs
        finally:
            self.is_down = True


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> FakeLocalCloud:
    fake = FakeLocalCloud(outputs_document(apiEndpoint="http://127.0.0.1:9/_aws/execute-api/a1/$default"))
    monkeypatch.setattr("local.cloud.local_cloud", fake)
    monkeypatch.setattr("ops.check.run.POLL_SECONDS", 0.01)
    return fake


def _ops(*args: str) -> Result:
    return CliRunner().invoke(app, list(args))


@pytest.fixture
def _interrupted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_self: threading.Event, timeout: float | None = None) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Event, "wait", interrupt)


@pytest.mark.usefixtures("_interrupted_at_once")
def test_local_prints_outputs_and_pastable_lines_until_ctrl_c(cloud: FakeLocalCloud, tmp_path: Path) -> None:
    done = _ops("local", "--outputs-file", str(tmp_path / "o.json"), "--seed", "7", "--set", "failureRate=0")
    assert (done.exit_code, cloud.is_down) == (0, True)
    assert json.loads(done.stdout.split("\n\n")[0]) == cloud.outputs
    assert "'http://127.0.0.1:9/_aws/execute-api/a1/$default/tasks' -H" in done.stdout
    assert "deploying [it] ..." in done.stderr
    assert cloud.calls[0]["outputs_file"] == tmp_path / "o.json"
    assert cloud.calls[0]["overrides"] == {"failureRate": "0", "simulationSeed": "7"}


@pytest.mark.usefixtures("_interrupted_at_once")
def test_local_leaves_its_outputs_where_the_others_look_for_them(cloud: FakeLocalCloud) -> None:
    _ops("local")
    assert "outputs_file" not in cloud.calls[0]
    assert (cloud.calls[0]["stack"], cloud.calls[0]["overrides"]) == ("local", {})


def test_a_failed_deployment_is_told_without_a_traceback(cloud: FakeLocalCloud) -> None:
    cloud.error = DeployError("aws:sqs/queue:Queue 'tasks': no")
    done = _ops("local")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.endswith("Error: The local cloud failed: aws:sqs/queue:Queue 'tasks': no\n")


def test_demo_names_its_run_after_the_seed_and_takes_the_cloud_down(
    stack: MotoStack, cloud: FakeLocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = FakeApi(stack)
    monkeypatch.setattr(run, "connections", lambda *a, **k: connections(*a, **{**k, "transport": api}))
    done = _ops("demo", "--seed", "7", "--tasks", "4", "--json")
    assert done.exit_code == 0, done.stderr
    assert [task["taskId"] for task in json.loads(done.stdout)["tasks"]] == [
        f"seed-7-{n:02}" for n in range(4)
    ]
    assert cloud.calls[0]["overrides"] == {"simulationSeed": "7"}
    assert cloud.is_down


def test_demo_takes_the_cloud_down_when_a_task_is_lost(
    stack: MotoStack, cloud: FakeLocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = FakeApi(stack, lambda _: None)
    monkeypatch.setattr(run, "connections", lambda *a, **k: connections(*a, **{**k, "transport": api}))
    done = _ops("demo", "--tasks", "1", "--run", "mine", "--timeout", "0")
    assert (done.exit_code, cloud.is_down) == (1, True)
    assert done.stdout.endswith("LOST: 1\n")


@pytest.mark.parametrize(
    "args",
    [
        ["demo", "--run", "a b"],
        ["demo", "--set", "failureRate"],
        ["demo", "--seed", "7", "--set", "simulationSeed=8"],
        ["local", "--set", "=1"],
        ["demo", "--auth", "jwt"],
    ],
)
def test_wrong_usage_is_told_before_anything_is_started(cloud: FakeLocalCloud, args: list[str]) -> None:
    assert _ops(*args).exit_code == 2
    assert cloud.calls == []
