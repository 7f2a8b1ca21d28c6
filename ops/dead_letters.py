"""The dead letters, read from the table's sparse index."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ops.errors import UsageError
from ops.records import Record, plain
from taskguard.clock import to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

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
