"""A global secondary index in memory: sparse, projected, and behind its table.

Follows the DynamoDB Developer Guide, "Using Global Secondary Indexes" and "Take advantage of sparse indexes":
an item is in the index only if it has both of its keys; the index is updated after the table, normally within
a fraction of a second, in the order of the writes.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from taskguard.model.clock import Clock
from tests.proofs.simulation.aws.values import Invalid

Item: TypeAlias = dict[str, Any]
"""Attribute values by name. Never changed once written, so that the history may keep them."""


@dataclass(frozen=True, slots=True)
class KeyAttribute:
    """An attribute that an index sorts or partitions by; `kind` is its type on the wire: S, N or B."""

    name: str
    kind: str


@dataclass
class SimulatedIndex:
    """One index of a table whose own key is `taskId`.

    Parameters
    ----------
    lag_seconds
        How long a write takes to reach the index. May be changed in a run; while it is great, the index
        stands still.
    projected
        Attributes in the index beside all keys; None for all of the item's.
    """

    name: str
    hash_key: KeyAttribute
    range_key: KeyAttribute
    clock: Clock
    projected: frozenset[str] | None = frozenset()
    lag_seconds: float = 0
    _entries: dict[str, Item] = field(default_factory=dict)
    _on_their_way: deque[tuple[datetime, str, Item]] = field(default_factory=deque)

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the key attributes, the table's own last."""
        return self.hash_key.name, self.range_key.name, "taskId"

    def check(self, item: Mapping[str, Any]) -> None:
        """Raise `Invalid` if the table cannot hold the item because of this index."""
        for key in (self.hash_key, self.range_key):
            value = item.get(key.name)
            if value is not None and key.kind not in value:
                raise Invalid(
                    "One or more parameter values were invalid: Type mismatch for Index Key "
                    f"{key.name} Expected: {key.kind} Actual: {next(iter(value))} IndexName: {self.name}"
                )
            if value == {"S": ""}:
                raise Invalid(
                    "One or more parameter values are not valid. A value specified for a secondary index key "
                    "is not supported. The AttributeValue for a key attribute cannot contain an empty string "
                    f"value. IndexName: {self.name}, IndexKey: {key.name}"
                )

    def write(self, key: str, item: Item) -> None:
        """Take note of the item that the table now holds under a key."""
        self._on_their_way.append((self.clock(), key, item))

    def entries(self) -> Iterator[Item]:
        """Yield what a query can find now."""
        self._catch_up()
        yield from self._entries.values()

    def _catch_up(self) -> None:
        seen_until = self.clock() - timedelta(seconds=self.lag_seconds)
        while self._on_their_way and self._on_their_way[0][0] <= seen_until:
            _, key, item = self._on_their_way.popleft()
            if self.hash_key.name in item and self.range_key.name in item:
                self._entries[key] = self._projection(item)
            else:
                self._entries.pop(key, None)

    def _projection(self, item: Item) -> Item:
        if self.projected is None:
            return item
        kept = self.projected.union(self.keys)
        return {name: value for name, value in item.items() if name in kept}


def task_indexes(clock: Clock, lag_seconds: float = 0) -> list[SimulatedIndex]:
    """Return the tasks table's indexes: its dead letters by age, and its waiting tasks by due time."""
    shard, due_at = KeyAttribute("indexShard", "S"), KeyAttribute("dueAt", "N")
    buried_at = KeyAttribute("deadLetteredAt", "S")
    letters = frozenset({"createdAt", "generation", "lastError", "status"})
    return [
        SimulatedIndex("deadLetters", shard, buried_at, clock, letters, lag_seconds),
        SimulatedIndex("due", shard, due_at, clock, lag_seconds=lag_seconds),
    ]
