"""What the table in memory and moto's have in common: the rules of DynamoDB that the runs rely on."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.proofs.simulation.aws.table import SimulatedTable
from tests.proofs.simulation.aws.values import item_size
from tests.support.aws_calls import create_tasks_table

TABLE = "tasks"
KEY = {"taskId": {"S": "a"}}
ITEM = KEY | {"status": {"S": "QUEUED"}, "generation": {"N": "10"}}
INVALID = "ValidationException"
ANY = "attribute_not_exists(nothing)"


def _memory() -> Iterator[Any]:
    yield SimulatedTable()


def _moto() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_tasks_table(client, TABLE)
        yield client


@pytest.fixture(params=[_memory, _moto], ids=["memory", "moto"])
def table(request: pytest.FixtureRequest) -> Iterator[Any]:
    made: Callable[[], Iterator[Any]] = request.param
    yield from made()


def _put(table: Any, item: dict[str, Any], condition: str = ANY) -> None:
    table.put_item(
        TableName=TABLE,
        Item=item,
        ConditionExpression=condition,
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )


def _update(table: Any, update: str, values: dict[str, Any], condition: str = ANY) -> Any:
    answer = table.update_item(
        TableName=TABLE,
        Key=KEY,
        UpdateExpression=update,
        ConditionExpression=condition,
        ExpressionAttributeValues=values,
        ReturnValues="ALL_NEW",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )
    return answer["Attributes"]


def _holds(table: Any, condition: str, **values: Any) -> bool:
    _put(table, ITEM)
    named = {f":{name}": value for name, value in values.items()}
    try:
        _update(table, "SET tried = :tried", named | {":tried": {"BOOL": True}}, condition)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _accepts(table: Any, update: str, values: dict[str, Any], condition: str) -> bool:
    """Return whether a condition lets an update through."""
    return _code(lambda: _update(table, update, values, condition)) != "ConditionalCheckFailedException"


def _code(call: Callable[[], object]) -> str | None:
    """Return the code of the error that a call raises."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("generation < :value", {"N": "9"}, False),
        ("generation < :value", {"N": "11"}, True),
        ("generation <= :value", {"N": "10.0"}, True),
        ("generation = :value", {"N": "10"}, True),
        ("generation = :value", {"S": "10"}, False),
        ("generation <> :value", {"S": "10"}, True),
        ("nowhere = :value", {"S": "x"}, False),
        ("nowhere <> :value", {"S": "x"}, True),
        ("nowhere < :value", {"N": "1"}, False),
        ("attribute_not_exists(nowhere) AND generation = :value", {"N": "10"}, True),
        ("attribute_not_exists(generation) OR generation = :value", {"N": "10"}, True),
        (
            "attribute_not_exists(generation) AND generation = :value OR generation < :value",
            {"N": "11"},
            True,
        ),
        (
            "attribute_not_exists(generation) AND (generation = :value OR generation < :value)",
            {"N": "11"},
            False,
        ),
    ],
)
def test_conditions_mean_the_same(table: Any, condition: str, value: Any, expected: bool) -> None:
    assert _holds(table, condition, value=value) is expected


def test_a_refused_write_changes_nothing_and_shows_what_is_there(table: Any) -> None:
    _put(table, ITEM)
    with pytest.raises(ClientError) as refused:
        _put(table, KEY, "attribute_not_exists(taskId)")
    assert refused.value.response["Item"] == ITEM  # type: ignore[typeddict-item]
    assert table.get_item(TableName=TABLE, Key=KEY)["Item"] == ITEM


def test_a_refused_write_shows_nothing_where_nothing_is(table: Any) -> None:
    with pytest.raises(ClientError) as refused:
        _update(table, "SET x = :x", {":x": {"N": "1"}}, "generation = :x")
    assert "Item" not in refused.value.response
    assert "Item" not in table.get_item(TableName=TABLE, Key=KEY)


def test_an_update_sees_the_item_as_it_was_and_creates_it_if_it_was_not(table: Any) -> None:
    values = {":none": {"L": []}, ":one": {"L": [{"M": {"n": {"N": "1"}}}]}, ":x": {"S": "x"}}
    grow = "SET z = list_append(if_not_exists(z, :none), :one), x = if_not_exists(y, :x), y = :x"
    first = _update(table, grow, values)
    second = _update(table, grow, values)
    one = {"M": {"n": {"N": "1"}}}
    assert first == KEY | {"z": {"L": [one]}, "x": {"S": "x"}, "y": {"S": "x"}}
    assert second["z"] == {"L": [one, one]}


def test_an_update_reaches_into_lists_and_removes(table: Any) -> None:
    _put(table, ITEM | {"attempts": {"L": [{"M": {}}, {"M": {}}]}})
    after = _update(table, "SET attempts[1].ended = :x REMOVE generation, nowhere", {":x": {"S": "x"}})
    assert after == KEY | {
        "status": {"S": "QUEUED"},
        "attempts": {"L": [{"M": {}}, {"M": {"ended": {"S": "x"}}}]},
    }


@pytest.mark.parametrize("condition", ["generation > :value", "generation >= :value"])
def test_greater_is_greater(table: Any, condition: str) -> None:
    assert _holds(table, condition, value={"N": "9"})
    assert not _holds(table, condition, value={"N": "11"})
    assert _holds(table, condition, value={"N": "10"}) is (">=" in condition)


@pytest.mark.parametrize(
    ("low", "high", "expected"), [("9", "10", True), ("11", "12", False), ("2", "9", False)]
)
def test_between_includes_its_ends(table: Any, low: str, high: str, expected: bool) -> None:
    condition = "generation BETWEEN :low AND :high AND attribute_exists(generation)"
    assert _holds(table, condition, low={"N": low}, high={"N": high}) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("NOT generation = :value", False),
        ("NOT attribute_exists(nowhere) AND generation = :value", True),
        ("generation IN (:value, :other)", True),
        ("generation IN (:other, :other)", False),
        ("begins_with(taskId, :a)", True),
        ("begins_with(taskId, :b)", False),
        ("begins_with(nowhere, :a)", False),
    ],
)
def test_other_conditions_mean_the_same(table: Any, condition: str, expected: bool) -> None:
    values = {"value": {"N": "10"}, "other": {"N": "1"}, "a": {"S": "a"}, "b": {"S": "b"}}
    used = {name: value for name, value in values.items() if f":{name}" in condition}
    assert _holds(table, condition, **used) is expected


@pytest.mark.parametrize(("most", "expected"), [("2", False), ("3", True)])
def test_the_size_of_a_list_is_the_number_of_its_members(table: Any, most: str, expected: bool) -> None:
    _put(table, KEY | {"attempts": {"L": [{"M": {}}, {"M": {}}]}})
    values = {":most": {"N": most}, ":x": {"S": "x"}}
    assert _accepts(table, "SET x = :x", values, "size(attempts) < :most") is expected


def test_what_is_missing_has_no_size(table: Any) -> None:
    _put(table, ITEM)
    values = {":most": {"N": "25"}, ":x": {"S": "x"}}
    absent_or_small = "attribute_not_exists(attempts) OR size(attempts) < :most"
    assert _accepts(table, "SET x = :x", values, absent_or_small)
    if isinstance(table, SimulatedTable):  # moto fails with an error of its own
        assert not _accepts(table, "SET x = :x", values, "size(attempts) < :most")


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ("SET used = generation + :one", "11"),
        ("SET used = generation - :one", "9"),
        ("SET used = if_not_exists(used, :zero) + :one", "1"),
        ("SET generation = generation + :one, used = generation", "10"),
    ],
)
def test_an_update_calculates(table: Any, update: str, expected: str) -> None:
    _put(table, ITEM)
    values = {":one": {"N": "1"}, ":zero": {"N": "0"}}
    used = {name: value for name, value in values.items() if name in update}
    assert _update(table, update, used)["used"] == {"N": expected}


def test_a_count_is_raised_only_below_its_limit(table: Any) -> None:
    _put(table, ITEM | {"attemptsUsed": {"N": "1"}})
    values = {":one": {"N": "1"}, ":max": {"N": "3"}}
    accepted = [
        _accepts(table, "SET attemptsUsed = attemptsUsed + :one", values, "attemptsUsed < :max")
        for _ in range(3)
    ]
    assert accepted == [True, True, False]


def test_nothing_can_be_added_to_what_is_missing(table: Any) -> None:
    _put(table, ITEM)
    one = {":one": {"N": "1"}}
    assert _code(lambda: _update(table, "SET used = used + :one", one)) == INVALID
    assert _code(lambda: _update(table, "SET used = :one, other = used", one)) == INVALID
    assert _code(lambda: _update(table, "SET used = status + :one", one)) == INVALID


def test_list_members_are_removed_by_their_positions_before_the_update(table: Any) -> None:
    _put(table, KEY | {"n": {"L": [{"N": str(n)} for n in range(5)]}, "m": {"M": {"a": {"S": "a"}}}})
    after = _update(table, "SET x = :x REMOVE n[0], n[2], n[7], m.a, m.b", {":x": {"S": "x"}})
    assert after["n"] == {"L": [{"N": "1"}, {"N": "3"}, {"N": "4"}]}
    assert after["m"] == {"M": {}}


def test_what_is_set_behind_the_end_of_a_list_is_appended(table: Any) -> None:
    _put(table, KEY | {"n": {"L": [{"N": "0"}]}})
    assert _update(table, "SET n[9] = :x", {":x": {"N": "1"}})["n"] == {"L": [{"N": "0"}, {"N": "1"}]}


def test_an_update_into_what_is_missing_is_refused(table: Any) -> None:
    _put(table, ITEM)
    into_nothing = "SET attempts[0].ended = :x"
    assert _code(lambda: _update(table, into_nothing, {":x": {"S": "x"}})) == INVALID


def test_an_item_that_is_put_too_large_is_refused(table: Any) -> None:
    _put(table, KEY | {"payload": {"S": "x" * 400_000}})
    assert _code(lambda: _put(table, KEY | {"payload": {"S": "\N{EURO SIGN}" * 140_000}})) == INVALID


def test_an_item_does_not_grow_beyond_what_dynamodb_holds(table: Any) -> None:
    _put(table, KEY | {"payload": {"S": "x" * 300_000}})
    with pytest.raises(ClientError, match="Item size to update has exceeded the maximum allowed size"):
        _update(table, "SET result_ = :x", {":x": {"S": "x" * 120_000}})
    assert "result_" not in table.get_item(TableName=TABLE, Key=KEY)["Item"]


def test_a_write_without_condition_or_wish_for_the_item_answers_with_nothing(table: Any) -> None:
    table.put_item(TableName=TABLE, Item=ITEM)
    update = {"UpdateExpression": "SET x = :x", "ExpressionAttributeValues": {":x": {"N": "1"}}}
    assert "Attributes" not in table.update_item(TableName=TABLE, Key=KEY, **update)
    with pytest.raises(ClientError) as refused:
        table.put_item(TableName=TABLE, Item=KEY, ConditionExpression="attribute_not_exists(taskId)")
    assert "Item" not in refused.value.response


@pytest.mark.parametrize("expression", ["contains(payload, :x)", "payload is :x", "x ~ :x"])
def test_what_the_simulated_table_does_not_implement_is_an_error(expression: str) -> None:
    with pytest.raises(ValueError, match=r"implemented|missing"):
        _update(SimulatedTable(), "SET x = :x", {":x": {"N": "1"}}, expression)


@pytest.mark.parametrize("update", ["ADD x :x", "DELETE x :x", "SET x = :x + :x + :x", "REMOVE x SET y = :x"])
def test_updates_that_are_not_implemented_are_an_error(update: str) -> None:
    with pytest.raises(ValueError, match="missing"):
        _update(SimulatedTable(), update, {":x": {"N": "1"}})


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "ab\N{EURO SIGN}"}, 5),
        ({"N": "0"}, 2),
        ({"N": "1767323045000"}, 6),
        ({"N": "12345"}, 4),
        ({"N": "-12.50"}, 4),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"B": b"abc"}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"BOOL": True}]}, 8),
        ({"M": {}}, 3),
        ({"M": {"key": {"S": "ab"}}}, 9),
        ({"SS": ["a", "bc"]}, 3),
    ],
)
def test_an_item_is_measured_as_dynamodb_documents_it(value: Any, size: int) -> None:
    assert item_size({"name": value}) == len("name") + size


def test_the_largest_item_has_400_kilobytes_with_its_names() -> None:
    table, names = SimulatedTable(), len("taskId") + len("a") + len("payload")
    table.put_item(Item=KEY | {"payload": {"S": "x" * (409_600 - names)}})
    with pytest.raises(ClientError, match="Item size has exceeded the maximum allowed size"):
        table.put_item(Item=KEY | {"payload": {"S": "x" * (409_601 - names)}})
