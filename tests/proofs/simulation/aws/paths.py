"""Document paths into an item: what is there, and the item with it changed or removed.

Items are never changed in place, because the history keeps each version of them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from tests.proofs.simulation.aws.values import Invalid

Path: TypeAlias = tuple[str | int, ...]
"""Attribute names (or their `#` placeholders) and list positions."""


def resolve(path: Path, names: Mapping[str, str]) -> Path:
    """Return the path with attribute names in place of its `#` placeholders."""
    return tuple(names[step] if isinstance(step, str) and step.startswith("#") else step for step in path)


def look_up(item: Mapping[str, Any], path: Path) -> Any:
    """Return the attribute value at a resolved path, or None if any step of it is missing."""
    value: Any = {"M": item}
    for step in path:
        members = value.get("L", []) if isinstance(step, int) else value.get("M", {})
        if isinstance(step, int):
            value = members[step] if step < len(members) else None
        else:
            value = members.get(step)
        if value is None:
            return None
    return value


def put(item: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Return the item with a value at a resolved path; behind a list's end it is appended.

    Raises
    ------
    Invalid
        A parent of the path is missing; DynamoDB does not create it either.
    """
    changed: dict[str, Any] = _put({"M": item}, path, value)["M"]
    return changed


def remove(item: Mapping[str, Any], paths: Iterable[Path]) -> dict[str, Any]:
    """Return the item without what is at the resolved paths; what is not there is passed over.

    Positions in a list are those before the removal.

    Raises
    ------
    Invalid
        A parent of a path is missing.
    """
    left: Any = {"M": item}
    # From the end of each list: what was removed would move what is behind it.
    for path in sorted(paths, key=_last_position, reverse=True):
        left = _remove(left, path)
    without: dict[str, Any] = left["M"]
    return without


def _put(node: Mapping[str, Any], path: Path, value: Any) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        members = list(_list(node))
        if step >= len(members) and not rest:
            return {"L": [*members, value]}
        members[step] = _put(_member(members, step), rest, value)
        return {"L": members}
    inner = _map(node).get(step) if rest else {}
    return {"M": {**node["M"], step: _put(_present(inner), rest, value)}}


def _remove(node: Mapping[str, Any], path: Path) -> Any:
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        members = list(_list(node))
        if rest:
            members[step] = _remove(_member(members, step), rest)
        elif step < len(members):
            del members[step]
        return {"L": members}
    names = _map(node)
    if rest:
        return {"M": {**names, step: _remove(_present(names.get(step)), rest)}}
    return {"M": {name: value for name, value in names.items() if name != step}}


def _last_position(path: Path) -> int:
    return path[-1] if isinstance(path[-1], int) else -1


def _map(node: Mapping[str, Any]) -> Mapping[str, Any]:
    names: Mapping[str, Any] = _present(node.get("M"))
    return names


def _list(node: Mapping[str, Any]) -> list[Any]:
    members: list[Any] = _present(node.get("L"))
    return members


def _member(members: list[Any], position: int) -> Any:
    return _present(members[position] if position < len(members) else None)


def _present(value: Any) -> Any:
    if value is None:
        raise Invalid("The document path provided in the update expression is invalid for update")
    return value
