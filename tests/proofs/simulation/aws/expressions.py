"""DynamoDB's condition and update expressions, with their document paths, as far as they are needed here.

Follows "Condition and filter expressions, operators, and functions" and "Update expressions" in the
DynamoDB Developer Guide. moto takes some 20 ms for one of the product's updates, which would allow a few
hundred runs a minute, so this module evaluates them in the simulation; `oracle` then puts every distinct
question to moto as well.

An expression is compiled once to nested closures and evaluated many times: the product has some ten texts.
Items are never changed in place, because the history keeps each version of them.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, NoReturn, TypeAlias, TypeVar

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
    """Return the item with a value at a resolved path.

    Raises
    ------
    ValueError
        A parent of the path is missing; DynamoDB does not create it either.
    """
    changed: dict[str, Any] = _put({"M": item}, path, value)["M"]
    return changed


def _put(node: Mapping[str, Any], path: Path, value: Any) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        members = list(node["L"])
        members[step] = _put(members[step], rest, value)
        return {"L": members}
    inner = node["M"].get(step) if rest else {}
    if inner is None:
        raise ValueError(f"the document path {path} is invalid for update")
    return {"M": {**node["M"], step: _put(inner, rest, value)}}


Value: TypeAlias = Mapping[str, Any]
"""An attribute value on the wire: `{"N": "3"}`."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression is evaluated on: the item as it was, and the values of `#` and `:` placeholders."""

    item: Mapping[str, Value]
    names: Mapping[str, str]
    values: Mapping[str, Value]


Operand: TypeAlias = Callable[[Scope], Value | None]
Condition: TypeAlias = Callable[[Scope], bool]


@dataclass(frozen=True, slots=True)
class Update:
    """A parsed update: paths with their new values, and paths to remove; names still as placeholders."""

    assign: tuple[tuple[Path, Operand], ...]
    remove: tuple[Path, ...]


@cache
def condition(text: str) -> Condition:
    """Return a condition expression as a function; raise `ValueError` if it is not understood."""
    parser = _Parser(text)
    parsed = parser.any_of()
    parser.finish()
    return parsed


@cache
def update(text: str) -> Update:
    """Return an update expression, parsed; raise `ValueError` if it is not understood."""
    parser = _Parser(text)
    # All operands are evaluated on the item as it was before, in whatever order they are written: a value
    # that one assignment sets is not seen by the next.
    assign = parser.listed(parser.assignment) if parser.accept("SET") else []
    remove = parser.listed(parser.path) if parser.accept("REMOVE") else []
    parser.finish()
    return Update(tuple(assign), tuple(remove))


_TOKEN = re.compile(r"[#:]?\w+|<=|<>|[=<(),.\[\]]")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
}


class _Parser:
    """A recursive descent parser, one method for each rule of the grammar.

    OR binds weaker than AND, so `any_of` is made of `_all_of`, and that of single terms.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [*_TOKEN.findall(text), "end"]
        # What the pattern does not know would be skipped, and `>=` be read as `=`.
        if "".join(self._tokens[:-1]) != "".join(text.split()):
            raise ValueError(f"{text} holds something that is not implemented")
        self._at = 0

    def any_of(self) -> Condition:
        parts = [self._all_of()]
        while self.accept("OR"):
            parts.append(self._all_of())
        return lambda scope: any(part(scope) for part in parts)

    def listed(self, rule: Callable[[], T]) -> list[T]:
        found = [rule()]
        while self.accept(","):
            found.append(rule())
        return found

    def assignment(self) -> tuple[Path, Operand]:
        path = self.path()
        self._expect("=")
        return path, self._operand()

    def path(self) -> Path:
        steps: list[str | int] = [self._next()]
        while True:
            if self.accept("."):
                steps.append(self._next())
            elif self.accept("["):
                steps.append(int(self._next()))
                self._expect("]")
            else:
                return tuple(steps)

    def accept(self, token: str) -> bool:
        found: bool = self._tokens[self._at] == token
        self._at += found
        return found

    def finish(self) -> None:
        self._expect("end")

    def _all_of(self) -> Condition:
        parts = [self._term()]
        while self.accept("AND"):
            parts.append(self._term())
        return lambda scope: all(part(scope) for part in parts)

    def _term(self) -> Condition:
        if self.accept("("):
            inner = self.any_of()
            self._expect(")")
            return inner
        if self.accept("attribute_not_exists"):
            (absent,) = self._arguments()
            return lambda scope: absent(scope) is None
        return self._comparison()

    def _comparison(self) -> Condition:
        left = self._operand()
        sign = self._next()
        right = self._operand()
        return lambda scope: _holds(sign, left(scope), right(scope))

    def _operand(self) -> Operand:
        if self.accept("if_not_exists"):
            present, otherwise = self._arguments()
            return lambda scope: present(scope) or otherwise(scope)
        if self.accept("list_append"):
            first, second = self._arguments()
            return lambda scope: {"L": [*_list(first(scope)), *_list(second(scope))]}
        path = self.path()
        if str(path[0]).startswith(":"):
            return lambda scope: scope.values[str(path[0])]
        return lambda scope: look_up(scope.item, resolve(path, scope.names))

    def _arguments(self) -> list[Operand]:
        self._expect("(")
        arguments = self.listed(self._operand)
        self._expect(")")
        return arguments

    def _next(self) -> str:
        token: str = self._tokens[self._at]
        self._at += 1
        return token

    def _expect(self, token: str) -> None:
        if not self.accept(token):
            self._fail(token)

    def _fail(self, wanted: str) -> NoReturn:
        raise ValueError(f"{wanted} is missing after {self._tokens[: self._at]} in {self._text}")


def _holds(sign: str, left: Value | None, right: Value | None) -> bool:
    # A missing attribute, or one of another type, is neither less nor equal nor greater, but it differs.
    if left is None or right is None or left.keys() != right.keys():
        return sign == "<>"
    return _COMPARE[sign](_plain(left), _plain(right))


def _plain(value: Value) -> Any:
    ((kind, plain),) = value.items()
    # Numbers travel as text, whose order would be another: "10" < "9".
    return Decimal(plain) if kind == "N" else plain


def _list(value: Value | None) -> list[Value]:
    return list(value["L"]) if value else []
