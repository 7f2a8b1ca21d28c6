"""Document paths of DynamoDB expressions: ``attempts[0].#error``. Items are never changed in place."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Attribute names (or their ``#`` placeholders) and list positions."""


def resolve(path: Path, names: Mapping[str, str]) -> Path:
    """Return the path with its placeholders replaced."""
    return tuple(names[step] if isinstance(step, str) and step.startswith("#") else step for step in path)


def look_up(item: Mapping[str, Any], path: Path) -> Any:
    """Return the attribute value at a resolved path, or None."""
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


def assign(item: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Return the item with a value put at a resolved path whose parents exist."""
    changed: dict[str, Any] = _assign({"M": item}, path, value)["M"]
    return changed


def _assign(node: Mapping[str, Any], path: Path, value: Any) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        members = list(node["L"])
        members[step] = _assign(members[step], rest, value)
        return {"L": members}
    inner = node["M"].get(step) if rest else {}
    if inner is None:
        raise ValueError(f"the document path {path} is invalid for update")
    return {"M": {**node["M"], step: _assign(inner, rest, value)}}
