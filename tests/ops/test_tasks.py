import re
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from ops.errors import OpsError, UsageError
from ops.tasks import (
    Selection,
    count_dead_letters,
    list_dead_letters,
    pattern_of,
    plain_attributes,
    read_records,
)
from taskguard.model.clock import to_text
from taskguard.model.record import Outcome, Status
from taskguard.storage.indexes import DEAD_LETTER_INDEX
from tests.ops.moto_stack import TABLE, MotoStack
from tests.ops.sample_records import CREATED, dead_letter, item, record
from tests.support.aws_calls import recorded
from tests.support.program import run_program


def test_records_are_read_by_id_with_the_report_fields_alone(stack: MotoStack) -> None:
    stack.put(record("a-00", "COMPLETED", "FAILED", "COMPLETED"))
    found = read_records(stack.aws.dynamodb, TABLE, ["a-00", "a-01"])
    assert list(found) == ["a-00"]
    read = found["a-00"]
    assert (read.task_id, read.status, read.generation, to_text(read.created_at)) == (
        "a-00",
        Status.COMPLETED,
        1,
        CREATED,
    )
    assert [attempt.outcome for attempt in read.attempts] == [Outcome.FAILED, Outcome.COMPLETED]
    assert (read.payload, read.payload_hash) == (None, "")


def test_what_a_report_does_not_show_is_not_asked_for(stack: MotoStack) -> None:
    with Stubber(stack.aws.dynamodb) as stub:
        stub.add_response("batch_get_item", _answer([]), {"RequestItems": {TABLE: _request(*REPORTED)}})
        read_records(stack.aws.dynamodb, TABLE, ["a"])
        stub.add_response("batch_get_item", _answer([]), {"RequestItems": {TABLE: _request(*ALWAYS)}})
        read_records(stack.aws.dynamodb, TABLE, ["a"], fields=())


ALWAYS = ("taskId", "status", "generation", "createdAt")
REPORTED = (
    *ALWAYS,
    "attempts",
    "attemptCount",
    "lastError",
    "completedAt",
    "deadLetteredAt",
    "cancelledAt",
)


def _request(*names: str) -> dict[str, Any]:
    placeholders = {f"#f{number}": name for number, name in enumerate(names)}
    return {
        "Keys": [{"taskId": {"S": "a"}}],
        "ProjectionExpression": ", ".join(placeholders),
        "ExpressionAttributeNames": placeholders,
    }


def test_more_than_one_call_can_take_is_read_in_several(stack: MotoStack) -> None:
    ids = [f"a-{number:03}" for number in range(250)]
    for task_id in ids:
        stack.put(record(task_id, "QUEUED"))
    assert sorted(read_records(stack.aws.dynamodb, TABLE, ids)) == ids


def _answer(left_out: list[str], *found: str) -> dict[str, Any]:
    return {
        "Responses": {TABLE: [item(record(task_id, "QUEUED")) for task_id in found]},
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
    values = {"whole": {"N": "3"}, "part": {"N": "1.5"}, "list": {"L": [{"M": {"n": {"N": "2"}}}]}}
    assert plain_attributes(values) == {"whole": 3, "part": 1.5, "list": [{"n": 2}]}
    assert type(plain_attributes(values)["whole"]) is int


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


def test_the_index_is_the_programs_and_holds_what_a_dead_letter_needs() -> None:
    indexes = run_program("dev").one("aws:dynamodb/table:Table", "tasks").inputs["globalSecondaryIndexes"]
    (index,) = (each for each in indexes if each["name"] == DEAD_LETTER_INDEX)
    keys = {index["hashKey"], index["rangeKey"]}
    assert keys | set(index["nonKeyAttributes"]) | {"taskId"} >= {*ALWAYS, "lastError", "deadLetteredAt"}


def test_every_page_of_the_index_is_read(stack: MotoStack) -> None:
    long = "x" * 40_000  # 40 of these are more than the 1 MB of one page
    for number in range(40):
        stack.put(dead_letter(f"t-{number:02}", error=long) | {"indexShard": "7"})
    assert len(list_dead_letters(stack.aws.dynamodb, TABLE, Selection())) == 40
    assert count_dead_letters(stack.aws.dynamodb, TABLE).count == 40


def test_every_shard_is_read_and_their_letters_are_merged_oldest_first(stack: MotoStack) -> None:
    for number in range(20):
        minute = 10 + number * 7 % 20  # no shard holds them in order of their numbers
        letter = dead_letter(f"t-{minute}", f"2026-11-21T09:{minute}:00.000Z")
        stack.put(letter | {"indexShard": str(number % 10)})
    letters = list_dead_letters(stack.aws.dynamodb, TABLE, Selection())
    assert [letter.task_id for letter in letters] == [f"t-{number}" for number in range(10, 30)]


def test_dead_letters_older_than_since_are_not_even_read_and_the_table_is_not_scanned(
    filled: MotoStack,
) -> None:
    with recorded("Query", "KeyConditionExpression") as conditions, recorded("Scan", "TableName") as scans:
        list_dead_letters(filled.aws.dynamodb, TABLE, Selection(since=datetime(2026, 11, 21, tzinfo=UTC)))
        count_dead_letters(filled.aws.dynamodb, TABLE)
    assert conditions[:10] == ["indexShard = :shard AND deadLetteredAt >= :since"] * 10
    assert scans == []


def test_only_dead_letters_are_counted(filled: MotoStack) -> None:
    found = count_dead_letters(filled.aws.dynamodb, TABLE)
    assert (found.count, found.oldest and to_text(found.oldest)) == (2, EARLY)


def test_without_dead_letters_there_is_no_oldest(stack: MotoStack) -> None:
    found = count_dead_letters(stack.aws.dynamodb, TABLE)
    assert (found.count, found.oldest) == (0, None)


def test_a_wrong_pattern_is_refused_with_its_reason() -> None:
    with pytest.raises(UsageError, match=r"--error '\(' is no regular expression: missing \)"):
        pattern_of("(")
