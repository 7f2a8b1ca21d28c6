"""moto as the oracle of the simulated table: it answers every distinct question that the runs asked.

Thousands of runs ask the table millions of times, but only some hundred questions differ in anything that a
condition or an update can see. Each of these is put to moto through boto3, with the item as it was, and the
answers must agree: accepted or refused, the item afterwards, and what comes back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.expressions import comparisons
from tests.proofs.simulation.aws.pages import scope
from tests.proofs.simulation.aws.table import Item
from tests.proofs.simulation.aws.values import LARGEST_ITEM, Value, item_size, plain
from tests.support.aws_calls import create_tasks_table

Shape: TypeAlias = tuple[Any, ...]
"""All that a condition or an update can see of a question; questions of one shape have the same answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """A write that a run asked of the table; `after` is None if the condition refused it."""

    operation: str
    request: dict[str, Any]
    before: Item | None
    after: Item | None


@dataclass
class Questions:
    """Keeps the first question of each shape."""

    asked: int = 0
    distinct: dict[Shape, Question] = field(default_factory=dict)

    def __call__(
        self, operation: str, request: dict[str, Any], before: Item | None, after: Item | None
    ) -> None:
        """Count a question, and keep it if it is the first of its shape."""
        self.asked += 1
        self.distinct.setdefault(_shape(request, before), Question(operation, request, before, after))

    def add(self, other: "Questions") -> None:
        """Add the questions of another process."""
        self.asked += other.asked
        self.distinct = other.distinct | self.distinct


def disagreements(questions: Questions) -> Iterator[str]:
    """Yield a sentence for each question that moto answers differently."""
    with mock_aws():
        table = boto3.client("dynamodb", region_name="us-east-1")
        create_tasks_table(table, settings.TABLE)
        for question in questions.distinct.values():
            # Where a value replaces itself, as with `if_not_exists`, moto counts the size of both.
            if item_size(question.before or {}) > LARGEST_ITEM // 2:
                continue
            answer = _ask(table, question)
            if answer != question.after:
                yield f"{question}: moto answers {answer}"


def _ask(table: Any, question: Question) -> Item | None:
    """Return the item after the question, or None if moto refuses."""
    key = question.request.get("Key") or {"taskId": question.request["Item"]["taskId"]}
    table.delete_item(TableName=settings.TABLE, Key=key)
    if question.before:
        table.put_item(TableName=settings.TABLE, Item=question.before)
    call = table.put_item if question.operation == "PutItem" else table.update_item
    try:
        answer = call(**question.request)
    except ClientError as error:
        return _refused(error, question)
    after: Item = table.get_item(TableName=settings.TABLE, Key=key)["Item"]
    return after if answer.get("Attributes", after) == after else {"answered": answer["Attributes"]}


def _refused(error: ClientError, question: Question) -> Item | None:
    response: dict[str, Any] = {**error.response}
    if response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error
    return None if response.get("Item") == question.before else {"refused with": response.get("Item")}


def _shape(request: dict[str, Any], before: Item | None) -> Shape:
    item, seen = before or {}, scope(before or {}, request)
    text = request.get("ConditionExpression")
    return (
        request.get("UpdateExpression"),
        text,
        item.get("status", {}).get("S"),
        tuple(sorted(item)),
        tuple(_order(left(seen), right(seen)) for left, right in comparisons(text)) if text else (),
        len(item.get("attempts", {"L": []})["L"]),
    )


def _order(left: Value | None, right: Value | None) -> int | None:
    """Return -1, 0 or 1 for less than, equal to or greater than; None for what has no order."""
    if left is None or right is None or left.keys() != right.keys():
        return None
    first, second = plain(left), plain(right)
    return (first > second) - (first < second) if isinstance(first, str | Decimal) else int(first == second)
