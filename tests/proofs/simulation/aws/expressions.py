"""DynamoDB's expressions (conditions, filters, key conditions, updates), as far as they are needed here.

Follows "Condition and filter expressions, operators, and functions" and "Update expressions" in the
DynamoDB Developer Guide. moto takes some 20 ms for one of the product's updates, which would allow a few
hundred runs a minute, so this module evaluates them in the simulation; `oracle` then puts every distinct
question to moto as well.

An expression is compiled once to nested closures and evaluated many times: the product has some ten texts.
What is not implemented is refused with `ValueError`, so that no run goes on with a guess.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NoReturn, TypeAlias, TypeVar

from tests.proofs.simulation.aws.paths import Path, look_up, resolve
from tests.proofs.simulation.aws.values import COMPARE, Value, begins, calculated, holds, length

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
    return _parsed_condition(text)[0]


@cache
def comparisons(text: str) -> tuple[tuple[Operand, Operand], ...]:
    """Return the pairs of operands that a condition compares: all that it sees of an item's values."""
    return _parsed_condition(text)[1]


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


@cache
def paths(text: str) -> tuple[Path, ...]:
    """Return the paths of a projection expression; names still as placeholders."""
    parser = _Parser(text)
    listed = parser.listed(parser.path)
    parser.finish()
    return tuple(listed)


def _parsed_condition(text: str) -> tuple[Condition, tuple[tuple[Operand, Operand], ...]]:
    parser = _Parser(text)
    parsed = parser.any_of()
    parser.finish()
    return parsed, tuple(parser.compared)


_TOKEN = re.compile(r"[#:]?\w+|<=|>=|<>|[=<>(),.\[\]+-]")


class _Parser:
    """A recursive descent parser, one method for each rule of the grammar.

    OR binds weaker than AND, so `any_of` is made of `_all_of`, and that of single terms.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [*_TOKEN.findall(text), "end"]
        # What the pattern does not know would be skipped, and so mean something else.
        if "".join(self._tokens[:-1]) != "".join(text.split()):
            raise ValueError(f"{text} holds something that is not implemented")
        self._at = 0
        self.compared: list[tuple[Operand, Operand]] = []

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
        return path, self._sum()

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
        if self.accept("NOT"):
            negated = self._term()
            return lambda scope: not negated(scope)
        if self.accept("("):
            inner = self.any_of()
            self._expect(")")
            return inner
        if self.accept("attribute_not_exists"):
            (absent,) = self._arguments()
            return lambda scope: absent(scope) is None
        if self.accept("attribute_exists"):
            (present,) = self._arguments()
            return lambda scope: present(scope) is not None
        if self.accept("begins_with"):
            whole, start = self._arguments()
            return lambda scope: begins(whole(scope), start(scope))
        return self._comparison()

    def _comparison(self) -> Condition:
        left = self._operand()
        if self.accept("BETWEEN"):
            low = self._compare(">=", left, self._operand())
            self._expect("AND")
            high = self._compare("<=", left, self._operand())
            return lambda scope: low(scope) and high(scope)
        if self.accept("IN"):
            equals = [self._compare("=", left, one) for one in self._arguments()]
            return lambda scope: any(equal(scope) for equal in equals)
        sign = self._next()
        if sign not in COMPARE:
            self._fail("a comparison")
        return self._compare(sign, left, self._operand())

    def _compare(self, sign: str, left: Operand, right: Operand) -> Condition:
        self.compared.append((left, right))
        return lambda scope: holds(sign, left(scope), right(scope))

    def _sum(self) -> Operand:
        left = self._operand()
        # DynamoDB knows one sign in an assignment, not a chain of them.
        change = operator.add if self.accept("+") else operator.sub if self.accept("-") else None
        if change is None:
            return left
        right = self._operand()
        return lambda scope: calculated(change, left(scope), right(scope))

    def _operand(self) -> Operand:
        if self.accept("if_not_exists"):
            present, otherwise = self._arguments()
            return lambda scope: present(scope) or otherwise(scope)
        if self.accept("list_append"):
            first, second = self._arguments()
            return lambda scope: {"L": [*_list(first(scope)), *_list(second(scope))]}
        if self.accept("size"):
            (sized,) = self._arguments()
            return lambda scope: length(sized(scope))
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


def _list(value: Value | None) -> list[Value]:
    return list(value["L"]) if value else []
