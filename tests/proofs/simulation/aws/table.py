"""The tasks table in memory: the calls of DynamoDB's client that the product makes, and their answers."""

from collections.abc import Callable
from typing import Any, TypeAlias

from botocore.exceptions import ClientError

from tests.proofs.simulation.aws import expressions
from tests.proofs.simulation.aws.expressions import Scope

Item: TypeAlias = dict[str, Any]
"""Attribute values by name. Never changed once written, so that the history may keep them."""

OnWrite: TypeAlias = Callable[[str, dict[str, Any], Item | None, Item | None], None]
"""Told of every write: operation, request, item before, item after (None if the condition refused it)."""


class SimulatedTable:
    """One table whose key is `taskId`.

    Requests and answers have the shapes of boto3's DynamoDB client; a condition that does not hold raises
    the same `ClientError`, with the item if the request asks for it.
    """

    def __init__(self, on_write: OnWrite = lambda *_: None) -> None:
        self.items: dict[str, Item] = {}
        self._on_write = on_write

    def get_item(self, **request: Any) -> dict[str, Any]:
        """Return the item under the key."""
        item = self.items.get(_key(request["Key"]))
        return {"Item": item} if item else {}

    def put_item(self, **request: Any) -> dict[str, Any]:
        """Write a whole item if the condition holds."""
        self._write("PutItem", _key(request["Item"]), request, lambda _before: request["Item"])
        return {}

    def update_item(self, **request: Any) -> dict[str, Any]:
        """Change or create an item if the condition holds; return all its attributes."""
        key = _key(request["Key"])
        after = self._write("UpdateItem", key, request, lambda before: _updated(before, request))
        return {"Attributes": after}

    def _write(
        self, operation: str, key: str, request: dict[str, Any], change: Callable[[Item], Item]
    ) -> Item:
        before = self.items.get(key)
        holds = expressions.condition(request["ConditionExpression"])
        if not holds(_scope(before or {}, request)):
            self._on_write(operation, request, before, None)
            raise _refusal(operation, before)
        after = self.items[key] = change(before or {"taskId": {"S": key}})
        self._on_write(operation, request, before, after)
        return after


def _updated(before: Item, request: dict[str, Any]) -> Item:
    scope, after = _scope(before, request), before
    parsed = expressions.update(request["UpdateExpression"])
    for path, operand in parsed.assign:
        after = expressions.put(after, expressions.resolve(path, scope.names), operand(scope))
    gone = {expressions.resolve(path, scope.names)[0] for path in parsed.remove}
    return {name: value for name, value in after.items() if name not in gone}


def _scope(item: Item, request: dict[str, Any]) -> Scope:
    return Scope(
        item, request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    )


def _key(key: dict[str, Any]) -> str:
    return str(key["taskId"]["S"])


def _refusal(operation: str, present: Item | None) -> ClientError:
    response: Any = {
        "Error": {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}
    }
    return ClientError(response | ({"Item": present} if present else {}), operation)
