"""The tasks table in memory: the calls of DynamoDB's client that the product makes, and their answers."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from botocore.exceptions import ClientError

from tests.proofs.simulation.aws import expressions, paths
from tests.proofs.simulation.aws.indexes import Item, SimulatedIndex
from tests.proofs.simulation.aws.pages import Reader, projection, scope
from tests.proofs.simulation.aws.values import LARGEST_ITEM, Invalid, item_size

__all__ = ["Item", "OnWrite", "SimulatedTable"]

OnWrite: TypeAlias = Callable[[str, dict[str, Any], Item | None, Item | None], None]
"""Told of every write: operation, request, item before, item after (None if the condition refused it)."""


class SimulatedTable:
    """One table whose key is `taskId`.

    Requests and answers have the shapes of boto3's DynamoDB client; a condition that does not hold raises
    the same `ClientError`, with the item if the request asks for it, and so does an item that is too large.

    Attributes
    ----------
    largest_item
        Size of an item that is refused if it is exceeded; smaller in a scenario that wants a refusal.
    reader
        Cuts queries and scans into pages.
    """

    def __init__(self, on_write: OnWrite = lambda *_: None, indexes: Iterable[SimulatedIndex] = ()) -> None:
        self.items: dict[str, Item] = {}
        self.indexes = {index.name: index for index in indexes}
        self.reader, self.largest_item = Reader(), LARGEST_ITEM
        self._on_write = on_write

    @property
    def records(self) -> dict[str, Item]:
        """The items that are records of tasks: an id that begins with `#` is none of a task."""
        return {key: item for key, item in self.items.items() if not key.startswith("#")}

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Return the item under the key."""
        item = self.items.get(_key(request["Key"]))
        return {"Item": projection(item, request)} if item else {}

    def put_item(self, **request: Any) -> dict[str, Any]:
        """Write a whole item if the condition holds."""
        with _invalid_as_error("PutItem"):
            if item_size(request["Item"]) > self.largest_item:
                raise Invalid("Item size has exceeded the maximum allowed size")
            self._write("PutItem", _key(request["Item"]), request, lambda _before: request["Item"])
        return {}

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Change or create an item if the condition holds; return its attributes if that is asked for."""
        key = _key(request["Key"])
        with _invalid_as_error("UpdateItem"):
            after = self._write("UpdateItem", key, request, lambda before: _updated(before, request))
        match request.get("ReturnValues", "NONE"):
            case "NONE":
                return {}
            case "ALL_NEW":
                return {"Attributes": after}
            case other:
                raise ValueError(f"ReturnValues {other} is not implemented")

    def query(self, **request: Any) -> dict[str, Any]:
        """Return a page of one partition of an index, which may be behind the table."""
        with _invalid_as_error("Query"):
            index = self.indexes.get(request["IndexName"])
            if index is None:
                raise Invalid(f"The table does not have the specified index: {request['IndexName']}")
            return self.reader.query(index, request)

    def scan(self, **request: Any) -> dict[str, Any]:
        """Return a page of the table, or of one segment of it."""
        with _invalid_as_error("Scan"):
            return self.reader.scan(self.items.values(), request)

    def _write(
        self, operation: str, key: str, request: dict[str, Any], change: Callable[[Item], Item]
    ) -> Item:
        before = self.items.get(key)
        text = request.get("ConditionExpression")
        if text is not None and not expressions.condition(text)(scope(before or {}, request)):
            self._on_write(operation, request, before, None)
            raise _refusal(operation, before if _wants_item(request) else None)
        after = change(before or {"taskId": {"S": key}})
        if operation == "UpdateItem" and item_size(after) > self.largest_item:
            raise Invalid("Item size to update has exceeded the maximum allowed size")
        for index in self.indexes.values():
            index.check(after)
        for index in self.indexes.values():
            index.write(key, after)
        self.items[key] = after
        self._on_write(operation, request, before, after)
        return after


def _updated(before: Item, request: dict[str, Any]) -> Item:
    seen, after = scope(before, request), before
    parsed = expressions.update(request["UpdateExpression"])
    for path, operand in parsed.assign:
        value = operand(seen)
        if value is None:
            raise Invalid("The provided expression refers to an attribute that does not exist in the item")
        after = paths.put(after, paths.resolve(path, seen.names), value)
    if parsed.remove:
        after = paths.remove(after, [paths.resolve(path, seen.names) for path in parsed.remove])
    return after


def _key(key: dict[str, Any]) -> str:
    return str(key["taskId"]["S"])


def _wants_item(request: dict[str, Any]) -> bool:
    return bool(request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD")


def _refusal(operation: str, present: Item | None) -> ClientError:
    response: Any = {
        "Error": {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}
    }
    return ClientError(response | ({"Item": present} if present else {}), operation)


@contextmanager
def _invalid_as_error(operation: str) -> Iterator[None]:
    try:
        yield
    except Invalid as invalid:
        error = {"Error": {"Code": "ValidationException", "Message": str(invalid)}}
        raise ClientError(error, operation) from invalid  # type: ignore[arg-type]
