"""What the indexes in memory and moto's have in common, and how pages of what they hold follow each other."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.proofs.simulation.aws.indexes import task_indexes
from tests.proofs.simulation.aws.table import SimulatedTable
from tests.support.aws_in_process import MovableClock

TABLE = "tasks"
SHARD: dict[str, Any] = {":shard": {"S": "3"}}
BY_SHARD = "indexShard = :shard"


def _memory() -> Iterator[Any]:
    yield SimulatedTable(indexes=task_indexes(MovableClock()))


def _moto() -> Iterator[Any]:
    attributes = {"taskId": "S", "indexShard": "S", "deadLetteredAt": "S", "dueAt": "N"}
    with mock_aws():
        client: Any = boto3.client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "taskId", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": kind} for name, kind in attributes.items()
            ],
            BillingMode="PAY_PER_REQUEST",
            GlobalSecondaryIndexes=[
                _index("deadLetters", "deadLetteredAt", "createdAt", "generation", "lastError", "status"),
                _index("due", "dueAt"),
            ],
        )
        yield client


def _index(name: str, range_key: str, *projected: str) -> dict[str, Any]:
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(projected)}
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": "indexShard", "KeyType": "HASH"},
            {"AttributeName": range_key, "KeyType": "RANGE"},
        ],
        "Projection": projection if projected else {"ProjectionType": "KEYS_ONLY"},
    }


@pytest.fixture(params=[_memory, _moto], ids=["memory", "moto"])
def table(request: pytest.FixtureRequest) -> Iterator[Any]:
    made: Callable[[], Iterator[Any]] = request.param
    yield from made()


def _put(table: Any, task: str, due: int | None = None, shard: str = "3", **more: Any) -> None:
    waits = {} if due is None else {"dueAt": {"N": str(due)}}
    item = {"taskId": {"S": task}, "indexShard": {"S": shard}, "status": {"S": "RETRYING"}, **waits, **more}
    table.put_item(TableName=TABLE, Item=item)


def _due(table: Any, condition: str = BY_SHARD, values: Any = SHARD, **more: Any) -> Any:
    return table.query(
        TableName=TABLE,
        IndexName="due",
        KeyConditionExpression=condition,
        ExpressionAttributeValues=values,
        **more,
    )


def _ids(answer: Any) -> list[str]:
    return [item["taskId"]["S"] for item in answer["Items"]]


def test_only_what_has_both_keys_is_in_an_index_and_in_order(table: Any) -> None:
    _put(table, "late", 10)
    _put(table, "early", 9)
    _put(table, "elsewhere", 1, shard="4")
    _put(table, "never")
    assert _ids(_due(table)) == ["early", "late"]
    assert _ids(_due(table, ScanIndexForward=False)) == ["late", "early"]


def test_an_item_leaves_the_index_with_its_key(table: Any) -> None:
    _put(table, "a", 9)
    table.update_item(TableName=TABLE, Key={"taskId": {"S": "a"}}, UpdateExpression="REMOVE dueAt")
    assert _due(table)["Count"] == 0


def test_an_index_has_its_keys_and_what_is_projected(table: Any) -> None:
    _put(table, "a", 9, deadLetteredAt={"S": "2026"}, lastError={"S": "x"}, payload={"S": "x"})
    (due,) = _due(table)["Items"]
    assert due.keys() == {"taskId", "indexShard", "dueAt"}
    (letter,) = table.query(
        TableName=TABLE,
        IndexName="deadLetters",
        KeyConditionExpression="#shard = :shard AND deadLetteredAt >= :since",
        ExpressionAttributeNames={"#shard": "indexShard"},
        ExpressionAttributeValues=SHARD | {":since": {"S": "2025"}},
    )["Items"]
    assert letter.keys() == {"taskId", "indexShard", "deadLetteredAt", "lastError", "status"}


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("dueAt <= :t", {":t": {"N": "10"}}, ["t9", "t10"]),
        ("dueAt < :t", {":t": {"N": "10"}}, ["t9"]),
        ("dueAt > :t", {":t": {"N": "9"}}, ["t10", "t11"]),
        ("dueAt BETWEEN :t AND :u", {":t": {"N": "9"}, ":u": {"N": "10"}}, ["t9", "t10"]),
    ],
)
def test_a_query_takes_a_range(table: Any, condition: str, values: Any, expected: list[str]) -> None:
    for due in (11, 9, 10):
        _put(table, f"t{due}", due)
    assert _ids(_due(table, f"{BY_SHARD} AND {condition}", SHARD | values)) == expected


def test_pages_of_a_query_follow_each_other(table: Any) -> None:
    for number in range(7):
        _put(table, f"t{number}", number // 2)
    found: list[str] = []
    start: dict[str, Any] = {}
    while True:
        page = _due(table, Limit=2, **start)
        found += _ids(page)
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert sorted(found) == [f"t{number}" for number in range(7)]
    assert [int(task[1]) // 2 for task in found] == [0, 0, 1, 1, 2, 2, 3]


def test_a_count_has_no_items(table: Any) -> None:
    _put(table, "a", 1)
    answer = _due(table, Select="COUNT")
    assert answer["Count"] == 1
    assert "Items" not in answer


def test_a_filter_counts_what_it_looked_at(table: Any) -> None:
    for number in range(4):
        _put(table, f"t{number}", number)
    values = SHARD | {":one": {"S": "t1"}}
    answer = _due(table, BY_SHARD, values, FilterExpression="taskId = :one", Limit=3)
    assert (_ids(answer), answer["ScannedCount"], "LastEvaluatedKey" in answer) == (["t1"], 3, True)


@pytest.mark.parametrize("segments", [1, 3])
def test_segments_and_pages_of_a_scan_hold_every_item_once(table: Any, segments: int) -> None:
    for number in range(23):
        _put(table, f"t{number}")
    found = [task for segment in range(segments) for task in _scan(table, segment, segments)]
    assert sorted(found) == sorted(f"t{number}" for number in range(23))


def _scan(table: Any, segment: int, segments: int) -> Iterator[str]:
    start: dict[str, Any] = {}
    while True:
        page = table.scan(TableName=TABLE, Segment=segment, TotalSegments=segments, Limit=4, **start)
        assert len(page["Items"]) <= 4
        yield from _ids(page)
        if "LastEvaluatedKey" not in page:
            return
        assert page["LastEvaluatedKey"].keys() == {"taskId"}
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def test_a_scan_filters_and_projects(table: Any) -> None:
    _put(table, "a", payload={"S": "x"})
    _put(table, "b", 1)
    page = table.scan(
        TableName=TABLE,
        FilterExpression="attribute_not_exists(dueAt) AND #s = :s",
        ProjectionExpression="taskId, #s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "RETRYING"}},
    )
    assert page["Items"] == [{"taskId": {"S": "a"}, "status": {"S": "RETRYING"}}]


@pytest.mark.parametrize(
    "call",
    [
        lambda table: _due(table, ConsistentRead=True),
        lambda table: _due(table, "dueAt = :t", {":t": {"N": "1"}}),
        lambda table: table.scan(TableName=TABLE, Segment=2, TotalSegments=2),
    ],
    ids=["consistent", "no partition", "no such segment"],
)
def test_what_dynamodb_does_not_allow_is_refused(table: Any, call: Callable[[Any], Any]) -> None:
    with pytest.raises(ClientError) as refused:
        call(table)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_an_index_takes_only_keys_of_its_types_and_must_exist() -> None:
    # moto takes any type and has no such index with another code; the words are DynamoDB's.
    table = SimulatedTable(indexes=task_indexes(MovableClock()))
    with pytest.raises(ClientError, match="Type mismatch for Index Key dueAt Expected: N Actual: S"):
        table.put_item(Item={"taskId": {"S": "a"}, "dueAt": {"S": "soon"}})
    with pytest.raises(ClientError, match="cannot contain an empty string"):
        table.put_item(Item={"taskId": {"S": "a"}, "indexShard": {"S": ""}})
    assert table.items == {}
    with pytest.raises(ClientError, match="does not have the specified index: nowhere"):
        table.query(IndexName="nowhere", KeyConditionExpression=BY_SHARD, ExpressionAttributeValues=SHARD)


def test_an_index_follows_its_table_late_and_in_order() -> None:
    clock = MovableClock()
    table = SimulatedTable(indexes=task_indexes(clock, lag_seconds=2))
    _put(table, "a", 1)
    clock.advance(1)
    _put(table, "a", 2)
    assert _due(table)["Items"] == []
    clock.advance(1)
    assert _due(table)["Items"][0]["dueAt"] == {"N": "1"}
    clock.advance(1)
    assert _due(table)["Items"][0]["dueAt"] == {"N": "2"}


def test_a_page_ends_at_its_greatest_size_and_holds_one_item_at_least() -> None:
    table = SimulatedTable(indexes=task_indexes(MovableClock()))
    for number in range(3):
        _put(table, f"t{number}", payload={"S": "x" * 1000})
    table.reader.page_bytes = 500
    assert sorted(_scan(table, 0, 1)) == ["t0", "t1", "t2"]
    assert table.scan(TableName=TABLE)["Count"] == 1


def test_a_page_that_its_limit_ended_names_a_last_key_though_nothing_follows() -> None:
    table = SimulatedTable(indexes=task_indexes(MovableClock()))  # moto looks ahead, DynamoDB does not
    _put(table, "a", 1)
    page = _due(table, Limit=1)
    assert page["LastEvaluatedKey"] == page["Items"][0]
    assert _due(table, Limit=1, ExclusiveStartKey=page["LastEvaluatedKey"])["Items"] == []
    assert "LastEvaluatedKey" not in _due(table, Limit=2)


def test_what_the_simulated_table_does_not_implement_is_an_error() -> None:
    table = SimulatedTable(indexes=task_indexes(MovableClock()))
    with pytest.raises(ValueError, match="IndexName is not implemented"):
        table.scan(TableName=TABLE, IndexName="due")
    _put(table, "a", 1)
    with pytest.raises(ValueError, match="parts of an attribute"):
        _due(table, ProjectionExpression="dueAt.n")
