"""The dead letters, read from the table's sparse index."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from ops.errors import OpsError, UsageError
from taskguard.model.clock import to_text
from taskguard.model.record import Status

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


INDEX = "deadLetters"


@dataclass(frozen=True)
class DeadLetter:
    """A dead letter as the index holds it; times are ISO 8601 in UTC."""

    task_id: str
    dead_lettered_at: str
    created_at: str
    generation: int
    error_type: str
    error_message: str

    @property
    def error(self) -> str:
        """The last error in one line, as `--error` sees it."""
        return f"{self.error_type}: {self.error_message}"

    def document(self) -> dict[str, Any]:
        """Make the JSON report, with the record's own names."""
        return {
            "taskId": self.task_id,
            "deadLetteredAt": self.dead_lettered_at,
            "createdAt": self.created_at,
            "generation": self.generation,
            "lastError": {"type": self.error_type, "message": self.error_message},
        }


@dataclass(frozen=True)
class Selection:
    """Which dead letters are meant: all, or those that match.

    Attributes
    ----------
    error
        Found anywhere in `Type: message` of the last error.
    since
        The earliest moment of becoming a dead letter.
    """

    error: re.Pattern[str] | None = None
    since: datetime | None = None

    def includes(self, letter: DeadLetter) -> bool:
        """Tell whether a dead letter is meant."""
        recent = self.since is None or letter.dead_lettered_at >= to_text(self.since)
        return recent and (self.error is None or self.error.search(letter.error) is not None)


def pattern_of(text: str | None) -> re.Pattern[str] | None:
    """Compile `--error`.

    Raises
    ------
    UsageError
        It is no regular expression.
    """
    try:
        return re.compile(text) if text is not None else None
    except re.error as error:
        raise UsageError(f"--error {text!r} is no regular expression: {error}.") from None


def list_dead_letters(client: "DynamoDBClient", table: str, selection: Selection) -> list[DeadLetter]:
    """Return the dead letters that are meant, oldest first.

    The index holds dead letters only, so a scan of it reads nothing else.
    """
    found = [letter for letter in _scan(client, table) if selection.includes(letter)]
    return sorted(found, key=lambda letter: (letter.dead_lettered_at, letter.task_id))


def count_dead_letters(client: "DynamoDBClient", table: str) -> int:
    """Count the dead letters."""
    pages = client.get_paginator("scan").paginate(TableName=table, IndexName=INDEX, Select="COUNT")
    return sum(page["Count"] for page in pages)


def _scan(client: "DynamoDBClient", table: str) -> Iterator[DeadLetter]:
    for page in client.get_paginator("scan").paginate(TableName=table, IndexName=INDEX):
        yield from (_dead_letter(plain(item)) for item in page["Items"])


def _dead_letter(record: Record) -> DeadLetter:
    error = record.get("lastError") or {}
    return DeadLetter(
        task_id=record["taskId"],
        dead_lettered_at=record["deadLetteredAt"],
        created_at=record.get("createdAt", ""),
        generation=record.get("generation", 1),
        error_type=error.get("type", ""),
        error_message=error.get("message", ""),
    )


def untried_since(client: "DynamoDBClient", table: str, moment: datetime) -> list[str]:
    """Return the ids of tasks that are QUEUED without any attempt since before a moment, oldest first.

    Reads the whole table: only its records know, and this is done by hand.
    """
    pages = client.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression=(
            "#status = :queued AND updatedAt < :moment "
            "AND (attribute_not_exists(attempts) OR size(attempts) = :none)"
        ),
        ProjectionExpression="taskId, updatedAt",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={
            ":queued": {"S": Status.QUEUED},
            ":moment": {"S": to_text(moment)},
            ":none": {"N": "0"},
        },
    )
    found = [plain(item) for page in pages for item in page["Items"]]
    return [record["taskId"] for record in sorted(found, key=lambda record: str(record["updatedAt"]))]
