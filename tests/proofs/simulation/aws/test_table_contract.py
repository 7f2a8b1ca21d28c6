"""What the table in memory and moto's have in common: the rules of DynamoDB that the runs rely on."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.proofs.simulation.aws.table import SimulatedTable
from tests.support.aws_calls import create_tasks_table

TABLE = "tasks"
KEY = {"taskId": {"S": "a"}}
ITEM = KEY | {"status": {"S": "QUEUED"}, "generation": {"N": "10"}}
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


def test_an_update_into_what_is_missing_is_refused(table: Any) -> None:
    _put(table, ITEM)
    with pytest.raises((ClientError, ValueError)):
        _update(table, "SET attempts[0].ended = :x", {":x": {"S": "x"}})


@pytest.mark.parametrize("condition", ["generation >= :x", "generation > :x", "size(payload) < :x"])
def test_what_the_simulated_table_does_not_implement_is_an_error(condition: str) -> None:
    with pytest.raises(ValueError, match=r"implemented|missing"):
        _update(SimulatedTable(), "SET x = :x", {":x": {"N": "1"}}, condition)
