"""Attribute values as DynamoDB sees them: compared, counted with, and measured in bytes."""

import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

Value: TypeAlias = Mapping[str, Any]
"""An attribute value on the wire: `{"N": "3"}`."""

LARGEST_ITEM: Final = 400 * 1024
"""Greatest size of an item in bytes, names included (DynamoDB Developer Guide, "Quotas")."""

COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""What each sign of a comparison means for two values of one type."""

_COUNTED: Final = ("S", "B", "L", "M", "SS", "NS", "BS")
_SET_MEMBER: Final = {"SS": "S", "NS": "N", "BS": "B"}


class Invalid(Exception):
    """What DynamoDB answers with a ValidationException once it sees the item."""


def holds(sign: str, left: Value | None, right: Value | None) -> bool:
    """Return whether a comparison holds; `KeyError` if there is no such sign."""
    compare = COMPARE[sign]
    # A missing attribute, or one of another type, is neither less nor equal nor greater, but it differs.
    if left is None or right is None or left.keys() != right.keys():
        return sign == "<>"
    return compare(plain(left), plain(right))


def begins(whole: Value | None, start: Value | None) -> bool:
    """Return whether a string begins with another."""
    return bool(whole and start and "S" in whole and "S" in start and whole["S"].startswith(start["S"]))


def length(value: Value | None) -> Value | None:
    """Return what `size()` means: characters, bytes or members; nothing for what has no size."""
    ((kind, content),) = value.items() if value else [("", "")]
    return {"N": str(len(content))} if kind in _COUNTED else None


def plain(value: Value) -> Any:
    """Return a value that compares as DynamoDB's does."""
    ((kind, content),) = value.items()
    # Numbers travel as text, whose order would be another: "10" < "9".
    return Decimal(content) if kind == "N" else content


def calculated(
    change: Callable[[Decimal, Decimal], Decimal], left: Value | None, right: Value | None
) -> Value:
    """Return a sum or difference.

    Raises
    ------
    Invalid
        One of the values is missing, or is no number.
    """
    return {"N": f"{change(_number(left), _number(right)).normalize():f}"}


def item_size(item: Mapping[str, Value]) -> int:
    """Return the size of an item in bytes, as DynamoDB counts it.

    Follows the DynamoDB Developer Guide, "DynamoDB item sizes and formats". That page calls the size of a
    number approximate; half of an odd number of digits is counted whole here, and a sign as a byte more.
    """
    return sum(_bytes(name) + _value_size(value) for name, value in item.items())


def is_too_large(item: Mapping[str, Value]) -> bool:
    """Return whether DynamoDB refuses an item for its size."""
    # The text is longer than the item has characters, of which each takes four bytes at most. Nearly every
    # item is far smaller, and its text made faster than it is measured.
    return 4 * len(str(item)) > LARGEST_ITEM and item_size(item) > LARGEST_ITEM


def _value_size(value: Value) -> int:
    ((kind, content),) = value.items()
    if kind in _SET_MEMBER:
        return sum(_value_size({_SET_MEMBER[kind]: member}) for member in content)
    measure = _MEASURE.get(kind)
    return measure(content) if measure else 1  # BOOL and NULL


def _map_size(members: Mapping[str, Value]) -> int:
    return 3 + sum(1 + _bytes(name) + _value_size(member) for name, member in members.items())


def _list_size(members: Sequence[Value]) -> int:
    return 3 + sum(1 + _value_size(member) for member in members)


def _number_size(text: str) -> int:
    sign, digits, _ = Decimal(text).normalize().as_tuple()
    return (len(digits) + 1) // 2 + 1 + sign


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


_MEASURE: Final[Mapping[str, Callable[[Any], int]]] = {
    "S": _bytes,
    "N": _number_size,
    "B": len,
    "M": _map_size,
    "L": _list_size,
}


def _number(value: Value | None) -> Decimal:
    if value is None:
        raise Invalid("The provided expression refers to an attribute that does not exist in the item")
    if "N" not in value:
        raise Invalid("An operand in the update expression has an incorrect data type")
    return Decimal(value["N"])
