"""Query and Scan in pages: what is looked at, what of it comes back, and where the next page begins.

Follows the DynamoDB Developer Guide, "Querying tables", "Scanning tables" and "Paginating": a page ends
after `Limit` items or 1 MB, counted before the filter; one that ended so has a `LastEvaluatedKey`, also if
nothing follows. A scan goes through the items by the hashes of their keys; each segment takes a range.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tests.proofs.simulation.aws import expressions
from tests.proofs.simulation.aws.expressions import Scope
from tests.proofs.simulation.aws.indexes import Item, SimulatedIndex
from tests.proofs.simulation.aws.paths import resolve
from tests.proofs.simulation.aws.values import Invalid, item_size, plain

Request: TypeAlias = Mapping[str, Any]
Position: TypeAlias = Callable[[Mapping[str, Any]], Any]
"""Where an item stands in the order that is read."""

LARGEST_PAGE: Final = 1024 * 1024

_HASHES: Final = 1 << 128
_EQUALITY: Final = re.compile(r"(#?\w+)\s*=\s*:\w+")
_COMMON: Final = {
    "TableName",
    "Limit",
    "ExclusiveStartKey",
    "FilterExpression",
    "ProjectionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ConsistentRead",
    "Select",
}
_QUERY: Final = _COMMON | {"IndexName", "KeyConditionExpression", "ScanIndexForward"}
_SCAN: Final = _COMMON | {"Segment", "TotalSegments"}


def scope(item: Item, request: Request) -> Scope:
    """Return what the expressions of a request are evaluated on."""
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    return Scope(item, names, values)


def projection(item: Item, request: Request) -> Item:
    """Return of an item what a request's `ProjectionExpression` names; all if there is none."""
    if "ProjectionExpression" not in request:
        return item
    listed = expressions.paths(request["ProjectionExpression"])
    paths = [resolve(path, request.get("ExpressionAttributeNames", {})) for path in listed]
    if any(len(path) > 1 for path in paths):
        raise ValueError("a projection of parts of an attribute is not implemented")
    return {str(path[0]): item[str(path[0])] for path in paths if path[0] in item}


@dataclass
class Reader:
    """Answers queries and scans.

    Parameters
    ----------
    page_bytes
        Greatest size of what one call looks at; small in a scenario that wants many pages of few items.
    """

    page_bytes: int = LARGEST_PAGE

    def query(self, index: SimulatedIndex, request: Request) -> dict[str, Any]:
        """Return a page of an index.

        Raises
        ------
        Invalid
            It asks for consistency, which no such index has, or for no single partition.
        ValueError
            It asks for something that is not implemented here.
        """
        _refuse_others(request, _QUERY)
        if request.get("ConsistentRead"):
            raise Invalid("Consistent reads are not supported on global secondary indexes")
        key_condition, names = request["KeyConditionExpression"], request.get("ExpressionAttributeNames", {})
        if index.hash_key.name not in {names.get(n, n) for n in _EQUALITY.findall(key_condition)}:
            raise Invalid(f"Query condition missed key schema element: {index.hash_key.name}")
        holds = expressions.condition(key_condition)

        def position(item: Mapping[str, Any]) -> Any:
            return plain(item[index.range_key.name]), _hash(item)

        found = [item for item in index.entries() if holds(scope(item, request))]
        return self._page(found, position, index.keys, request)

    def scan(self, items: Iterable[Item], request: Request) -> dict[str, Any]:
        """Return a page of a whole table, or of one segment of it; raise `ValueError` as `query` does."""
        _refuse_others(request, _SCAN)
        segment, segments = request.get("Segment", 0), request.get("TotalSegments", 1)
        if not 0 <= segment < segments:
            raise Invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments")
        found = [item for item in items if _hash(item) * segments // _HASHES == segment]
        return self._page(found, _hash, ("taskId",), request)

    def _page(
        self, items: list[Item], position: Position, keys: tuple[str, ...], request: Request
    ) -> dict[str, Any]:
        backward = not request.get("ScanIndexForward", True)
        items.sort(key=position, reverse=backward)
        if start := request.get("ExclusiveStartKey"):
            after = position(start)
            items = [i for i in items if (position(i) < after if backward else position(i) > after)]
        looked_at, ended = self._looked_at(items, request.get("Limit"))
        holds = expressions.condition(request["FilterExpression"]) if "FilterExpression" in request else None
        kept = [item for item in looked_at if holds is None or holds(scope(item, request))]
        answer: dict[str, Any] = {"Count": len(kept), "ScannedCount": len(looked_at)}
        if request.get("Select") != "COUNT":
            answer["Items"] = [projection(item, request) for item in kept]
        if ended:
            answer["LastEvaluatedKey"] = {name: looked_at[-1][name] for name in keys}
        return answer

    def _looked_at(self, items: list[Item], limit: int | None) -> tuple[list[Item], bool]:
        """Return the items of a page, and whether its limit or size ended it."""
        size = 0
        for number, item in enumerate(items):
            size += item_size(item)
            if number == limit or (number and size > self.page_bytes):
                return items[:number], True
        return items, bool(items) and len(items) == limit


def _hash(item: Mapping[str, Any]) -> int:
    key = str(item["taskId"]["S"]).encode()
    return int.from_bytes(hashlib.md5(key, usedforsecurity=False).digest(), "big")


def _refuse_others(request: Request, known: set[str]) -> None:
    if other := request.keys() - known:
        raise ValueError(f"{', '.join(sorted(other))} is not implemented")
