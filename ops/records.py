"""Reading records from the table, as plain Python values."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from ops.errors import OpsError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Record = dict[str, Any]

# What a report needs; the payload may be large and stays out.
REPORT_FIELDS = ("taskId", "status", "attempts", "lastError", "createdAt", "completedAt", "deadLetteredAt")

_KEYS_A_CALL = 100  # BatchGetItem's limit
_ROUNDS = 8
_deserialize = TypeDeserializer().deserialize


def plain(item: Mapping[str, Any]) -> Record:
    """Turn an item as DynamoDB sends it into plain values; numbers become int or float."""
    return {name: _plain(_deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def read_records(
    client: "DynamoDBClient",
    table: str,
    task_ids: Sequence[str],
    fields: Sequence[str] = REPORT_FIELDS,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Record]:
    """Read some fields of many records; an id without a record is missing from the answer.

    Raises
    ------
    OpsError
        DynamoDB left keys unprocessed again and again: the table is throttled.
    """
    found: dict[str, Record] = {}
    for start in range(0, len(task_ids), _KEYS_A_CALL):
        some = task_ids[start : start + _KEYS_A_CALL]
        found.update((record["taskId"], record) for record in _read(client, table, some, fields, sleep))
    return found


def _read(
    client: "DynamoDBClient",
    table: str,
    task_ids: Sequence[str],
    fields: Sequence[str],
    sleep: Callable[[float], None],
) -> Iterator[Record]:
    """Read up to 100 records, asking again for those that DynamoDB left out."""
    wanted: Any = {
        table: {"Keys": [{"taskId": {"S": task_id}} for task_id in task_ids], **projection(fields)}
    }
    for attempt in range(_ROUNDS):
        answer = client.batch_get_item(RequestItems=wanted)
        yield from (plain(item) for item in answer["Responses"].get(table, ()))
        wanted = answer.get("UnprocessedKeys")
        if not wanted:
            return
        sleep(min(0.1 * 2**attempt, 3.0))
    raise OpsError(f"The table {table} is throttled: it left keys unprocessed {_ROUNDS} times.")


def projection(fields: Sequence[str]) -> dict[str, Any]:
    """Name the fields to read through placeholders, because `status` and others are reserved words."""
    names = {f"#f{number}": name for number, name in enumerate(fields)}
    return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}


def read_record(client: "DynamoDBClient", table: str, task_id: str) -> Record | None:
    """Read a whole record as it is at this moment; None if there is none."""
    answer = client.get_item(TableName=table, Key={"taskId": {"S": task_id}}, ConsistentRead=True)
    return plain(answer["Item"]) if "Item" in answer else None
