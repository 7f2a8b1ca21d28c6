import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from ops.check import run
from ops.check.api import connections
from ops.cli import app
from tests.ops.fake_api import FakeApi
from tests.ops.moto_stack import MotoStack
from tests.ops.sample_records import record


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.check.run.POLL_SECONDS", 0.01)


def _check(stack: MotoStack, api: httpx.BaseTransport, monkeypatch: pytest.MonkeyPatch, *args: str) -> Result:
    monkeypatch.setattr(run, "connections", lambda *a, **k: connections(*a, **{**k, "transport": api}))
    return CliRunner().invoke(app, ["check", "--outputs", "-", *args], input=stack.document())


def test_json_is_one_object_with_every_tasks_outcome(
    stack: MotoStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = _check(stack, FakeApi(stack), monkeypatch, "--run", "r", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    duration = document.pop("duration_seconds")
    tasks = document.pop("tasks")
    assert document == {
        "submitted": 30,
        "accepted": 30,
        "success_first_attempt": 24,
        "failed_first_attempt": 6,
        "completed": 27,
        "dead_lettered": 3,
        "lost": 0,
    }
    assert 0 <= duration < 30
    assert [task["taskId"] for task in tasks if task["status"] == "DEAD_LETTERED"] == ["r-03", "r-13", "r-23"]
    assert tasks[0] == {"taskId": "r-00", "status": "COMPLETED", "attempts": 1, "lastError": None}


def test_people_get_a_sample_and_the_final_lines_last(
    stack: MotoStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = _check(stack, FakeApi(stack), monkeypatch, "--run", "r")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[-5:] == ["SUCCESS: 24", "FAILURE: 6", "COMPLETED: 27", "DEAD_LETTERED: 3", "LOST: 0"]
    assert any("r-03" in line and "DEAD_LETTERED" in line and "boom" in line for line in lines)
    assert "settled 30/30; queue: 0 visible" in done.stderr
    assert "submit median" in done.stderr


def test_a_lost_task_makes_the_exit_code_1(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeApi(
        stack,
        lambda each: (
            record(each, "RETRYING", "FAILED") if each == "r-07" else record(each, "COMPLETED", "COMPLETED")
        ),
    )
    done = _check(stack, api, monkeypatch, "--run", "r", "--timeout", "0")
    assert done.exit_code == 1
    assert done.stdout.endswith("LOST: 1\n")
    assert "r-07 (RETRYING)" in done.stderr


def test_a_task_that_was_not_accepted_makes_the_exit_code_1(
    stack: MotoStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = FakeApi(stack, answers={"r-02": [400]})
    done = _check(stack, api, monkeypatch, "--run", "r", "--json")
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    assert (document["submitted"], document["accepted"], document["lost"]) == (30, 29, 0)
    assert "NOT ACCEPTED: 1 (r-02 ...): 400 Bad Request" in done.stderr


def test_an_api_that_is_busy_is_asked_again(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeApi(stack, answers={"r-02": [503, 429], "r-09": [500]})
    done = _check(stack, api, monkeypatch, "--run", "r", "--json")
    assert (done.exit_code, json.loads(done.stdout)["accepted"]) == (0, 30)


@pytest.mark.parametrize("existing", ["r-00", "r-17"])
def test_a_used_name_is_refused(stack: MotoStack, monkeypatch: pytest.MonkeyPatch, existing: str) -> None:
    api = FakeApi(stack, answers={existing: [409]})
    if existing == "r-00":
        api.submitted.append(existing)
    done = _check(stack, api, monkeypatch, "--run", "r")
    assert done.exit_code == 1
    assert "already used" in done.stderr
    assert existing in done.stderr
    assert done.stdout == ""


def test_a_used_name_is_refused_before_anything_is_submitted(
    stack: MotoStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = FakeApi(stack)
    api.submitted.append("r-00")
    _check(stack, api, monkeypatch, "--run", "r")
    assert [request.method for request in api.requests] == ["GET"]


@pytest.mark.parametrize("status", [401, 403])
def test_an_api_that_wants_authorization_says_how(
    stack: MotoStack, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    refusing = httpx.MockTransport(lambda _: httpx.Response(status, json={"message": "Forbidden"}))
    done = _check(stack, refusing, monkeypatch)
    assert done.exit_code == 1
    assert "--auth iam" in done.stderr


def test_authorization_is_sent_with_every_request(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeApi(stack)
    done = _check(stack, api, monkeypatch, "--tasks", "3", "--auth", "jwt", "--token", "abc")
    assert done.exit_code == 0
    assert [request.headers["authorization"] for request in api.requests] == ["Bearer abc"] * 4


def test_a_wrong_name_is_refused_as_wrong_usage(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> None:
    done = _check(stack, FakeApi(stack), monkeypatch, "--run", "a b")
    assert (done.exit_code, "--run 'a b'" in done.stderr) == (2, True)


def test_outputs_from_a_file_work_too(
    stack: MotoStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "o.json").write_text(stack.document())
    api = FakeApi(stack)
    monkeypatch.setattr(run, "connections", lambda *a, **k: connections(*a, **{**k, "transport": api}))
    done = CliRunner().invoke(app, ["check", "--outputs", str(tmp_path / "o.json"), "--tasks", "1"])
    assert (done.exit_code, len(api.submitted)) == (0, 1)
