"""The operator's tool, the program, the functions and the emulator together, as a newcomer starts them."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.project import load_stack_config
from taskguard.model.simulation import Simulation

REPOSITORY = Path(__file__).resolve().parents[2]
SEED = 7

pytestmark = pytest.mark.emulator


@pytest.fixture(scope="module")
def demo() -> dict[str, Any]:
    """The JSON report of one seeded demo."""
    done = subprocess.run(
        [sys.executable, "-m", "ops", "demo", "--seed", str(SEED), "--tasks", "30", "--json"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _predicted(task_id: str) -> dict[str, Any]:
    """What the seed says of a task, in the words of the report."""
    config = {key.partition(":")[2]: value for key, value in load_stack_config("local").items()}
    simulation = Simulation(float(config["failureRate"]), config["permanentFailureSuffix"], str(SEED))
    most = int(config["maxAttempts"])
    success = simulation.outcome(task_id, most)
    failures = most if success is None else success - 1
    message = f"simulated failure of attempt {failures}"
    return {
        "taskId": task_id,
        "status": "DEAD_LETTERED" if success is None else "COMPLETED",
        "attempts": most if success is None else success,
        "lastError": {"type": "SimulatedFailure", "message": message} if failures else None,
    }


def test_every_task_ends_as_the_seed_predicts(demo: dict[str, Any]) -> None:
    assert demo["tasks"] == [_predicted(f"seed-{SEED}-{number:02}") for number in range(30)]


def test_every_id_ending_in_3_is_dead_lettered(demo: dict[str, Any]) -> None:
    dead = {task["taskId"] for task in demo["tasks"] if task["status"] == "DEAD_LETTERED"}
    assert dead >= {"seed-7-03", "seed-7-13", "seed-7-23"}


def test_the_report_has_the_promised_fields_that_add_up(demo: dict[str, Any]) -> None:
    tasks, duration = demo["tasks"], demo["duration_seconds"]
    first = sum(task["attempts"] == 1 for task in tasks)
    dead = sum(task["status"] == "DEAD_LETTERED" for task in tasks)
    assert demo == {
        "submitted": 30,
        "accepted": 30,
        "success_first_attempt": first,
        "failed_first_attempt": 30 - first,
        "completed": 30 - dead,
        "dead_lettered": dead,
        "lost": 0,
        "duration_seconds": duration,
        "tasks": tasks,
    }
    assert isinstance(duration, float)
    assert duration >= 15  # dead letters had to wait 5 s and 10 s


@pytest.fixture
def _ctrl_c_works() -> Iterator[None]:
    """Undo what a shell does to a test run in the background: its children would not see Ctrl-C either."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c_works")
def test_ctrl_c_while_tasks_run_says_so_and_leaves_nothing_behind() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "ops", "demo"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = _until(process, "submitted ")
    process.send_signal(signal.SIGINT)
    results, rest = process.communicate(timeout=60)
    assert (process.returncode, results) == (130, "")
    assert re.search(r"Interrupted: \d+ of 30 tasks submitted, \d+ still running", rest)
    port = re.search(r"127\.0\.0\.1:(\d+)", said)
    assert port
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(port[1]))) != 0


def _until(process: "subprocess.Popen[str]", word: str) -> str:
    """Read the process's standard error up to the line with the word."""
    said = ""
    for line in process.stderr or ():
        said += line
        if word in line:
            return said
    pytest.fail(f"ended before it said {word!r}: {said}")
