from typing import Any

import pytest
from botocore.stub import Stubber

from ops.errors import OpsError
from ops.tasks import plain, read_records
from tests.ops.moto_stack import TABLE, MotoStack
from tests.ops.sample_records import record


def test_records_are_read_by_id_with_the_report_fields_alone(stack: MotoStack) -> None:
    stack.put(record("a-00", "COMPLETED", "FAILED", "COMPLETED"))
    found = read_records(stack.aws.dynamodb, TABLE, ["a-00", "a-01"])
    assert list(found) == ["a-00"]
    assert set(found["a-00"]) == {"taskId", "status", "attempts", "createdAt"}
    assert found["a-00"]["attempts"][1]["number"] == 2


def test_more_than_one_call_can_take_is_read_in_several(stack: MotoStack) -> None:
    ids = [f"a-{number:03}" for number in range(250)]
    for task_id in ids:
        stack.put(record(task_id, "QUEUED"))
    assert sorted(read_records(stack.aws.dynamodb, TABLE, ids)) == ids


def _answer(left_out: list[str], *found: str) -> dict[str, Any]:
    return {
        "Responses": {TABLE: [{"taskId": {"S": task_id}, "status": {"S": "QUEUED"}} for task_id in found]},
        "UnprocessedKeys": {TABLE: {"Keys": [{"taskId": {"S": each}} for each in left_out]}}
        if left_out
        else {},
    }


def test_keys_that_dynamodb_left_out_are_asked_for_again(stack: MotoStack) -> None:
    waits: list[float] = []
    with Stubber(stack.aws.dynamodb) as stub:
        stub.add_response("batch_get_item", _answer(["b"], "a"))
        stub.add_response(
            "batch_get_item", _answer([], "b"), {"RequestItems": {TABLE: {"Keys": [{"taskId": {"S": "b"}}]}}}
        )
        found = read_records(stack.aws.dynamodb, TABLE, ["a", "b"], sleep=waits.append)
    assert (sorted(found), waits) == (["a", "b"], [0.1])


def test_a_table_that_leaves_keys_out_for_ever_is_an_error(stack: MotoStack) -> None:
    with Stubber(stack.aws.dynamodb) as stub:
        for _ in range(8):
            stub.add_response("batch_get_item", _answer(["a"]))
        with pytest.raises(OpsError, match="throttled"):
            read_records(stack.aws.dynamodb, TABLE, ["a"], sleep=lambda _: None)


def test_numbers_become_python_numbers() -> None:
    item = {"whole": {"N": "3"}, "part": {"N": "1.5"}, "list": {"L": [{"M": {"n": {"N": "2"}}}]}}
    assert plain(item) == {"whole": 3, "part": 1.5, "list": [{"n": 2}]}
    assert type(plain(item)["whole"]) is int
