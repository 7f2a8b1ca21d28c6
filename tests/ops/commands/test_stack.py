import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from ops.cli import app
from tests.ops.moto_stack import MotoStack
from tests.ops.sample_records import dead_letter, record

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


def test_dead_lists_tasks_and_errors_with_their_number_last(stack: MotoStack, ops: Ops) -> None:
    stack.put(dead_letter("t-1", error="503 [shop]"))
    done = ops("dead")
    assert done.exit_code == 0
    assert "t-1" in done.stdout
    assert "ValueError: 503 [shop]" in done.stdout
    assert done.stdout.endswith("DEAD_LETTERED: 1\n")


def test_dead_as_json_is_one_array(stack: MotoStack, ops: Ops) -> None:
    stack.put(dead_letter("t-1"))
    stack.put(dead_letter("t-2", error="other"))
    assert [each["taskId"] for each in json.loads(ops("dead", "--json", "--error", "boom").stdout)] == ["t-1"]
    assert json.loads(ops("dead", "--json", "--error", "nothing").stdout) == []


def test_show_prints_the_whole_record_with_its_payload_as_json(stack: MotoStack, ops: Ops) -> None:
    stack.put({**record("t-1", "COMPLETED", "COMPLETED"), "result": '{"ok":true}'})
    shown = json.loads(ops("show", "t-1").stdout)
    assert (shown["payload"], shown["result"], shown["generation"]) == ({"n": 1}, {"ok": True}, 1)


def test_show_says_when_there_is_no_such_task(ops: Ops) -> None:
    done = ops("show", "nowhere")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no task nowhere" in done.stderr


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
        "deadLetterQueue": {"visible": 0, "inFlight": 0, "delayed": 0, "deliveries": "Enabled"},
        "deadLetters": 1,
        "alarms": [],
    }


def test_status_for_people_says_how_to_go_on_after_a_pause(stack: MotoStack, ops: Ops) -> None:
    ops("pause")
    shown = ops("status").stdout
    assert "python -m ops resume" in shown
    assert "DEAD_LETTERED: 0\nALARMS: 0\n" in shown
    assert shown.endswith(f"DASHBOARD: {stack.outputs.dashboard_url}\n")


def test_a_stack_that_is_gone_is_told_in_awss_words(ops: Ops, stack: MotoStack) -> None:
    stack.aws.dynamodb.delete_table(TableName=stack.outputs.tasks_table_name)
    done = ops("dead")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Error: AWS: " in done.stderr
    assert "ResourceNotFoundException" in done.stderr
