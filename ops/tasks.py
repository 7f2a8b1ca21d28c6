"""Tasks as the table holds them: by id, and the dead letters."""

import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from ops.errors import OpsError, UsageError
from taskguard.model.clock import to_text
from taskguard.model.record import Failure, TaskRecord
from taskguard.storage.indexes import DeadLetters, TaskIndexes
from taskguard.storage.items import Item, to_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# `to_record` cannot do without these.
_ALWAYS_READ = ("taskId", "status", "generation", "createdAt")
# What a report shows. Payloads and results may be large, and are left where they are.
_REPORTED = ("attempts", "attemptCount", "lastError", "completedAt", "deadLetteredAt", "cancelledAt")

_MAX_KEYS = 100
"""BatchGetItem's limit."""

_MAX_ROUNDS = 8


def read_records(
    client: "DynamoDBClient",
    table: str,
    task_ids: Sequence[str],
    fields: Sequence[str] = _REPORTED,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, TaskRecord]:
    """Read part of many records; an id without a record is missing from the answer.

    Parameters
    ----------
    fields
        Attributes to read besides id, status, generation and time of creation.
    sleep
        Waits some seconds before DynamoDB is asked again for what it left out.

    Raises
    ------
    OpsError
        DynamoDB left keys unprocessed again and again: the table is throttled.
    """
    found: dict[str, TaskRecord] = {}
    for start in range(0, len(task_ids), _MAX_KEYS):
        batch = _read_batch(client, table, task_ids[start : start + _MAX_KEYS], fields, sleep)
        found.update((record.task_id, record) for record in batch)
    return found


def _read_batch(
    client: "DynamoDBClient",
    table: str,
    task_ids: Sequence[str],
    fields: Sequence[str],
    sleep: Callable[[float], None],
) -> Iterator[TaskRecord]:
    keys = [{"taskId": {"S": task_id}} for task_id in task_ids]
    wanted: Any = {table: {"Keys": keys, **_projection((*_ALWAYS_READ, *fields))}}
    for attempt in range(_MAX_ROUNDS):
        answer = client.batch_get_item(RequestItems=wanted)
        yield from map(to_record, answer["Responses"].get(table, ()))
        wanted = answer.get("UnprocessedKeys")
        if not wanted:
            return
        sleep(min(0.1 * 2**attempt, 3.0))
    raise OpsError(f"The table {table} is throttled: it left keys unprocessed {_MAX_ROUNDS} times.")


def _projection(fields: Sequence[str]) -> dict[str, Any]:
    # Through placeholders: `status` and others are reserved words.
    names = {f"#f{number}": name for number, name in enumerate(fields)}
    return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}


def read_attributes(client: "DynamoDBClient", table: str, task_id: str) -> dict[str, Any] | None:
    """Read everything the table holds of a task at this moment, under the attributes' own names.

    Returns
    -------
    dict or None
        Plain values, see `plain_attributes`, and times as text; None if there is no such task.
    """
    answer = client.get_item(TableName=table, Key={"taskId": {"S": task_id}}, ConsistentRead=True)
    return with_readable_times(plain_attributes(answer["Item"])) if "Item" in answer else None


_UNITS = {
    **dict.fromkeys(("notBefore", "dueAt", "sentAt", "leaseUntil", "generationStartedAt"), 1000),
    "expiresAt": 1,
}
"""Times that the table keeps as numbers, and how many units they count in a second."""


def with_readable_times(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Write the times that the table keeps as numbers like all others: ISO 8601 in UTC."""
    return {name: _readable(value, _UNITS.get(name)) for name, value in attributes.items()}


def _readable(value: Any, units: int | None) -> Any:
    if units is None or not isinstance(value, int | float):
        return value
    return to_text(datetime.fromtimestamp(value / units, UTC))


def plain_attributes(item: Item) -> dict[str, Any]:
    """Turn an item as DynamoDB sends it into plain values; numbers become int or float."""
    return {name: _plain(_deserialize(value)) for name, value in item.items()}


_deserialize = TypeDeserializer().deserialize


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Selection:
    """Which dead letters are meant: all of them, or those that match.

    Attributes
    ----------
    error
        Found anywhere in the last error, see `error_line`.
    since
        The earliest time of burial.
    """

    error: re.Pattern[str] | None = None
    since: datetime | None = None

    def includes(self, letter: TaskRecord) -> bool:
        """Tell whether a dead letter of that time is meant."""
        return self.error is None or self.error.search(error_line(letter.last_error)) is not None


def pattern_of(text: str | None) -> re.Pattern[str] | None:
    """Compile `--error`.

    Raises
    ------
    UsageError
        It is not a regular expression.
    """
    try:
        return re.compile(text) if text is not None else None
    except re.error as error:
        raise UsageError(f"--error {text!r} is no regular expression: {error}.") from None


def error_line(failure: Failure | None) -> str:
    """Write an error in one line, `Type: message`; empty if there is none."""
    return f"{failure.type}: {failure.message}" if failure else ""


def buried_at(letter: TaskRecord) -> datetime:
    """Return when a task became a dead letter."""
    return letter.dead_lettered_at or letter.updated_at


def list_dead_letters(client: "DynamoDBClient", table: str, selection: Selection) -> list[TaskRecord]:
    """Return the dead letters that are meant, oldest first, with what the index holds of them.

    Raises
    ------
    taskguard.model.errors.AwsError
        The index did not answer.
    """
    letters = TaskIndexes(client, table).list_dead_letters(selection.since)
    return [letter for letter in letters if selection.includes(letter)]


def count_dead_letters(client: "DynamoDBClient", table: str) -> DeadLetters:
    """Count the dead letters, all of them, and find since when the oldest is.

    Raises
    ------
    taskguard.model.errors.AwsError
        The index did not answer.
    """
    return TaskIndexes(client, table).dead_letters(sys.maxsize)
