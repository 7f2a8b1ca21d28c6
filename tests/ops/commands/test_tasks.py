"""`dead` and `show`."""

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
    """Runs a command on a stack."""
    outputs = tmp_path_factory.mktemp("stack") / "outputs.json"
    outputs.write_text(stack.document())

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


def test_a_dead_letter_as_json_has_the_records_own_names(stack: MotoStack, ops: Ops) -> None:
    stack.put(dead_letter("late", "2026-11-21T00:00:00.000Z", "503 from shop"))
    assert json.loads(ops("dead", "--json").stdout) == [
        {
            "taskId": "late",
            "deadLetteredAt": "2026-11-21T00:00:00.000Z",
            "createdAt": "2026-11-21T09:00:00.000Z",
            "generation": 1,
            "lastError": {"type": "ValueError", "message": "503 from shop"},
        }
    ]


def test_show_prints_the_whole_record_with_its_payload_as_json(stack: MotoStack, ops: Ops) -> None:
    stack.put({**record("t-1", "COMPLETED", "COMPLETED"), "result": '{"ok":true}'})
    shown = json.loads(ops("show", "t-1").stdout)
    assert (shown["payload"], shown["result"], shown["generation"]) == ({"n": 1}, {"ok": True}, 1)


def test_show_leaves_out_nothing_that_the_table_holds(stack: MotoStack, ops: Ops) -> None:
    values = {**record("t-1", "PROCESSING", ""), "attemptsUsed": 1, "unknown": [{"a": None}]}
    stack.put(values)
    assert json.loads(ops("show", "t-1").stdout) == values | {"payload": {"n": 1}}


def test_show_tells_what_a_task_waits_for_and_counts(stack: MotoStack, ops: Ops) -> None:
    moment = 1_795_000_000_250  # milliseconds; the table's TTL counts seconds
    times = dict.fromkeys(("notBefore", "dueAt", "sentAt", "leaseUntil", "generationStartedAt"), moment)
    waiting = record("t-1", "RETRYING", "POSTPONED", attemptsUsed=0, attemptCount=7, **times)
    waiting["attempts"][0]["times"] = 7
    stack.put(waiting | {"expiresAt": 1_795_000_000})
    shown = json.loads(ops("show", "t-1").stdout)
    assert {shown[name] for name in times} == {"2026-11-18T11:06:40.250Z"}
    assert shown["expiresAt"] == "2026-11-18T11:06:40.000Z"
    assert (shown["attemptsUsed"], shown["attemptCount"], shown["attempts"][0]["times"]) == (0, 7, 7)


def test_show_tells_who_gave_up_and_why_a_task_was_cancelled(stack: MotoStack, ops: Ops) -> None:
    stack.put(record("t-1", "GIVING_UP", "FAILED"))
    stack.put(
        record("t-2", "CANCELLED", "FAILED", cancelReason="sold out", cancelledAt="2026-11-21T09:00:00.000Z")
    )
    assert json.loads(ops("show", "t-1").stdout)["status"] == "GIVING_UP"
    assert json.loads(ops("show", "t-2").stdout)["cancelReason"] == "sold out"


def test_show_says_when_there_is_no_such_task(ops: Ops) -> None:
    done = ops("show", "nowhere")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no task nowhere" in done.stderr


def test_a_stack_that_is_gone_is_told_in_awss_words(ops: Ops, stack: MotoStack) -> None:
    stack.aws.dynamodb.delete_table(TableName=stack.outputs.tasks_table_name)
    done = ops("dead")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Error: AWS: " in done.stderr
    assert "ResourceNotFoundException" in done.stderr


def test_show_lists_children_with_what_became_of_them(stack: MotoStack, ops: Ops) -> None:
    stack.put({**record("parent", "COMPLETED", "COMPLETED"), "children": ["c-1", "c-2"]})
    stack.put({**record("c-1", "RETRYING", "FAILED"), "kind": "part", "parentId": "parent"})
    assert json.loads(ops("show", "parent").stdout)["children"] == [
        {"taskId": "c-1", "kind": "part", "status": "RETRYING"},
        {"taskId": "c-2", "kind": None, "status": None},
    ]
    assert json.loads(ops("show", "c-1").stdout)["parentId"] == "parent"
