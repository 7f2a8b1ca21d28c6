"""`status`, `pause` and `resume`."""

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from ops.cli import app
from tests.ops.moto_stack import MotoStack
from tests.ops.sample_records import dead_letter

Ops = Callable[..., Result]


@pytest.fixture
def ops(stack: MotoStack, tmp_path_factory: pytest.TempPathFactory) -> Ops:
    """Runs a command on a stack whose queues have their event source mappings."""
    outputs = tmp_path_factory.mktemp("stack") / "outputs.json"
    outputs.write_text(stack.document())
    stack.deploy_consumers()

    def run(command: str, *args: str) -> Result:
        return CliRunner().invoke(app, [command, "--outputs", str(outputs), *args])

    return run


def test_pause_and_resume_switch_the_task_queues_deliveries(stack: MotoStack, ops: Ops) -> None:
    assert ops("pause").stdout == "Deliveries are paused.\n"
    assert json.loads(ops("status", "--json").stdout)["taskQueue"]["deliveries"] == "Disabled"
    assert ops("pause").stdout == "Deliveries were paused already.\n"
    assert ops("resume").stdout == "Deliveries are running.\n"
    status = json.loads(ops("status", "--json").stdout)
    assert (status["taskQueue"]["deliveries"], status["deadLetterQueue"]["deliveries"]) == (
        "Enabled",
        "Enabled",
    )


def test_status_tells_depths_dead_letters_and_alarms(stack: MotoStack, ops: Ops) -> None:
    ops("pause")  # moto has nothing to run a function with
    stack.put(dead_letter("t-1"))
    stack.aws.sqs.send_message(QueueUrl=stack.outputs.task_queue_url, MessageBody="x")
    stack.aws.sqs.send_message(QueueUrl=stack.outputs.task_queue_url, MessageBody="x", DelaySeconds=60)
    assert json.loads(ops("status", "--json").stdout) == {
        "taskQueue": {"visible": 1, "inFlight": 0, "delayed": 1, "deliveries": "Disabled"},
        "lanes": {"default": {"visible": 1, "inFlight": 0, "delayed": 1, "deliveries": "Disabled"}},
        "deadLetterQueue": {"visible": 0, "inFlight": 0, "delayed": 0, "deliveries": "Enabled"},
        "deadLetters": 1,
        "oldestDeadLetterAt": "2026-11-21T09:00:20.000Z",
        "alarms": [],
    }


def test_status_for_people_says_how_to_go_on_after_a_pause(stack: MotoStack, ops: Ops) -> None:
    ops("pause")
    shown = ops("status").stdout
    assert "python -m ops resume" in shown
    assert "DEAD_LETTERED: 0\nALARMS: 0\n" in shown
    assert shown.endswith(f"DASHBOARD: {stack.outputs.dashboard_url}\n")


@pytest.fixture
def two_lanes(stack: MotoStack, tmp_path_factory: pytest.TempPathFactory) -> Ops:
    """Runs a command on a stack with a second lane."""
    outputs = tmp_path_factory.mktemp("stack") / "outputs.json"
    outputs.write_text(json.dumps(stack.with_lane("slow")))

    def run(command: str, *args: str) -> Result:
        return CliRunner().invoke(app, [command, "--outputs", str(outputs), *args])

    return run


def test_pause_and_resume_switch_all_lanes_or_those_that_are_named(two_lanes: Ops) -> None:
    assert two_lanes("pause", "--lane", "slow").stdout == "Deliveries of the lane slow are paused.\n"
    lanes = json.loads(two_lanes("status", "--json").stdout)["lanes"]
    assert {name: lane["deliveries"] for name, lane in lanes.items()} == {
        "default": "Enabled",
        "slow": "Disabled",
    }
    assert two_lanes("pause").stdout == (
        "Deliveries of the lane default are paused.\nDeliveries of the lane slow were paused already.\n"
    )
    assert two_lanes("resume").stdout == (
        "Deliveries of the lane default are running.\nDeliveries of the lane slow are running.\n"
    )


def test_status_for_people_has_a_row_for_each_lane(two_lanes: Ops) -> None:
    shown = two_lanes("status").stdout
    assert "tasks (slow)" in shown
    assert "python -m ops resume" not in shown
    two_lanes("pause", "--lane", "slow")
    assert "python -m ops resume" in two_lanes("status").stdout


def test_a_lane_that_there_is_not_is_told_with_those_that_there_are(two_lanes: Ops) -> None:
    done = two_lanes("pause", "--lane", "slwo")
    assert done.exit_code == 2
    assert "There is no lane slwo on this stack; it has default, slow." in done.stderr
