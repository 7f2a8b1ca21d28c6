"""Rules: what a value may be. One small class for each kind of value reads it, checks it and suggests one."""

import json
import re
from dataclasses import dataclass, fields
from typing import Annotated, Protocol, get_args, get_origin


class Rule(Protocol):
    """A kind of value and its range; `str(rule)` says in words what is allowed."""

    def read(self, text: str) -> object:
        """Return the value of a configuration text; `ValueError` if the text is not of this kind."""
        ...

    def admits(self, value: object) -> bool:
        """Return whether a value is of this kind and in the range."""
        ...

    def suggest(self, text: str) -> str:
        """Return an allowed value as YAML, close to the rejected `text` where that makes sense."""
        ...


def rules_of(annotated: type) -> dict[str, Rule]:
    """Return the rules of a dataclass by field name: a field has one if annotated `Annotated[type, rule]`."""
    ruled = (each for each in fields(annotated) if get_origin(each.type) is Annotated)
    return {each.name: get_args(each.type)[1] for each in ruled}


@dataclass(frozen=True)
class Whole:
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def read(self, text: str) -> int:
        """Return the text as an `int`."""
        return int(text)

    def admits(self, value: object) -> bool:
        """Return whether it is a number in the range; `True` and `False` are not numbers here."""
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    def suggest(self, text: str) -> str:
        """Return the bound that the number exceeds; the lower one for text that is not a number."""
        is_number = re.fullmatch(r"-?\d+", text)
        return str(min(max(int(text), self.low), self.high) if is_number else self.low)


@dataclass(frozen=True)
class Fraction:
    """A number from 0 to 1, both included."""

    def __str__(self) -> str:
        return "a number from 0 to 1, in quotes"

    def read(self, text: str) -> float:
        """Return the text as a `float`."""
        return float(text)

    def admits(self, value: object) -> bool:
        """Return whether it is a number in the range; NaN is not."""
        return isinstance(value, int | float) and 0 <= value <= 1

    def suggest(self, text: str) -> str:
        """Return the bound that the number exceeds, in quotes: the CLI's configuration has no fractions."""
        return '"1"' if re.fullmatch(r"\d+(\.\d*)?", text) else '"0"'


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return "one of " + ", ".join(self.words)

    def read(self, text: str) -> str:
        """Return the text as it is."""
        return text

    def admits(self, value: object) -> bool:
        """Return whether it is one of the words."""
        return value in self.words

    def suggest(self, text: str) -> str:
        """Return the word whose first two letters are those of the text, or else the first word."""
        return next(
            (word for word in self.words if text and word.startswith(text.lower()[:2])), self.words[0]
        )


@dataclass(frozen=True)
class NumberChoice:
    """One of a few whole numbers, in ascending order."""

    numbers: tuple[int, ...]

    def __str__(self) -> str:
        return "one of " + ", ".join(map(str, self.numbers))

    def read(self, text: str) -> int:
        """Return the text as an `int`."""
        return int(text)

    def admits(self, value: object) -> bool:
        """Return whether it is one of the numbers."""
        return value in self.numbers

    def suggest(self, text: str) -> str:
        """Return the number closest to the one written; the first for text that is not a number."""
        wanted = int(text) if re.fullmatch(r"-?\d+", text) else self.numbers[0]
        return str(min(self.numbers, key=lambda number: abs(number - wanted)))


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def __str__(self) -> str:
        return "true or false"

    def read(self, text: str) -> bool:
        """Return the text as a `bool`; only `true` and `false` are accepted."""
        if text not in {"true", "false"}:
            raise ValueError(text)
        return text == "true"

    def admits(self, value: object) -> bool:
        """Return whether it is a `bool`."""
        return isinstance(value, bool)

    def suggest(self, text: str) -> str:
        """Return `true` for words that commonly mean it, or else `false`."""
        return "true" if text.lower() in {"true", "yes", "on", "1"} else "false"


@dataclass(frozen=True)
class Text:
    """A text that matches a pattern.

    Attributes
    ----------
    pattern
        A regular expression, which the whole text must match.
    words
        What the pattern means, for people.
    example
        A text that matches.
    """

    pattern: str
    words: str
    example: str

    def __str__(self) -> str:
        return self.words

    def read(self, text: str) -> str:
        """Return the text as it is."""
        return text

    def admits(self, value: object) -> bool:
        """Return whether it is a text that matches."""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None

    def suggest(self, text: str) -> str:  # noqa: ARG002 - nothing better than the example can be guessed
        """Return the example, in quotes."""
        return json.dumps(self.example)


@dataclass(frozen=True)
class Texts:
    """A list of at most `most` texts, each of which `item` admits."""

    item: Text
    most: int

    def __str__(self) -> str:
        return f"a list of up to {self.most}, each {self.item}"

    def read(self, text: str) -> tuple[str, ...]:
        """Return the list in the JSON text, as a tuple."""
        items = json.loads(text)
        if not isinstance(items, list):
            raise ValueError(text)  # noqa: TRY004 - to the caller the text is unreadable, whatever its type
        return tuple(items)

    def admits(self, value: object) -> bool:
        """Return whether it is a tuple of matching texts, not too many of them."""
        return isinstance(value, tuple) and len(value) <= self.most and all(map(self.item.admits, value))

    def suggest(self, text: str) -> str:
        """Return a list with the item's example."""
        return f"[{self.item.suggest(text)}]"


@dataclass(frozen=True)
class TextMap:
    """A map of at most `most` texts, such as tags; `key` and `value` are the rules of its two sides."""

    key: Text
    value: Text
    most: int

    def __str__(self) -> str:
        return f"a map of up to {self.most}, each key {self.key}, each value {self.value}"

    def read(self, text: str) -> dict[str, str]:
        """Return the map in the JSON text."""
        entries = json.loads(text)
        if not isinstance(entries, dict):
            raise ValueError(text)  # noqa: TRY004 - to the caller the text is unreadable, whatever its type
        return entries

    def admits(self, value: object) -> bool:
        """Return whether it is a map of matching texts, not too many of them."""
        if not isinstance(value, dict) or len(value) > self.most:
            return False
        return all(self.key.admits(name) and self.value.admits(text) for name, text in value.items())

    def suggest(self, text: str) -> str:
        """Return a map with the two examples."""
        return f"{{{self.key.suggest(text)}: {self.value.suggest(text)}}}"
