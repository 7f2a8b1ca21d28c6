import re
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from ops.errors import OpsError, UsageError
from ops.tasks import Selection, count_dead_letters, list_dead_letters, pattern_of, plain, read_records
from tests.ops.moto_stack import TABLE, MotoStack
from tests.ops.sample_records import dead_letter, record


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


EARLY, LATE = "2026-11-20T23:59:59.999Z", "2026-11-21T00:00:00.000Z"


@pytest.fixture
def filled(stack: MotoStack) -> MotoStack:
    stack.put(record("done", "COMPLETED", "COMPLETED"))
    stack.put(dead_letter("late", LATE, "503 from shop"))
    stack.put(dead_letter("early", EARLY, "no such order"))
    return stack


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), ["early", "late"]),
        (Selection(error=re.compile("503|504")), ["late"]),
        (Selection(error=re.compile("^ValueError: no")), ["early"]),
        (Selection(since=datetime(2026, 11, 21, tzinfo=UTC)), ["late"]),
        (Selection(re.compile("order"), datetime(2026, 11, 21, tzinfo=UTC)), []),
    ],
)
def test_dead_letters_are_listed_oldest_first_and_chosen_by_error_and_time(
    filled: MotoStack, selection: Selection, expected: list[str]
) -> None:
    letters = list_dead_letters(filled.aws.dynamodb, TABLE, selection)
    assert [letter.task_id for letter in letters] == expected


def test_a_dead_letter_reports_the_records_own_names(filled: MotoStack) -> None:
    letter = list_dead_letters(filled.aws.dynamodb, TABLE, Selection())[1]
    assert letter.document() == {
        "taskId": "late",
        "deadLetteredAt": LATE,
        "createdAt": "2026-11-21T09:00:00.000Z",
        "generation": 1,
        "lastError": {"type": "ValueError", "message": "503 from shop"},
    }


def test_every_page_of_the_index_is_read(stack: MotoStack) -> None:
    long = "x" * 40_000  # 40 of these are more than the 1 MB of one page
    for number in range(40):
        stack.put(dead_letter(f"t-{number:02}", error=long))
    assert len(list_dead_letters(stack.aws.dynamodb, TABLE, Selection())) == 40
    assert count_dead_letters(stack.aws.dynamodb, TABLE) == 40


def test_only_dead_letters_are_counted(filled: MotoStack) -> None:
    assert count_dead_letters(filled.aws.dynamodb, TABLE) == 2


def test_a_wrong_pattern_is_refused_with_its_reason() -> None:
    with pytest.raises(UsageError, match=r"--error '\(' is no regular expression: missing \)"):
        pattern_of("(")
