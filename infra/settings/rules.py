"""What a value may be: one small class a kind of value, able to read it, to judge it and to suggest one."""

import json
import re
from dataclasses import dataclass, fields
from typing import Annotated, Protocol, get_args, get_origin


class Rule(Protocol):
    """A kind of value with its range; `str(rule)` says in words what is allowed."""

    def read(self, text: str) -> object:
        """Return the value that configuration text stands for; `ValueError` if it stands for none."""
        ...

    def admits(self, value: object) -> bool:
        """Tell whether a value lies in the range."""
        ...

    def suggest(self, text: str) -> str:
        """Return YAML of an allowed value, near to what was written where that makes sense."""
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
        """Return the number."""
        return int(text)

    def admits(self, value: object) -> bool:
        """Tell whether the number lies in the range; a truth is no number."""
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    def suggest(self, text: str) -> str:
        """Return the bound that was overstepped, or the lower one."""
        is_number = re.fullmatch(r"-?\d+", text)
        return str(min(max(int(text), self.low), self.high) if is_number else self.low)


@dataclass(frozen=True)
class Fraction:
    """A number from 0 to 1, both included."""

    def __str__(self) -> str:
        return "a number from 0 to 1, in quotes"

    def read(self, text: str) -> float:
        """Return the number."""
        return float(text)

    def admits(self, value: object) -> bool:
        """Tell whether the number lies in the range; not-a-number does not."""
        return isinstance(value, int | float) and 0 <= value <= 1

    def suggest(self, text: str) -> str:
        """Return the bound that was overstepped; quoted, because the CLI's configuration has no fractions."""
        return '"1"' if re.fullmatch(r"\d+(\.\d*)?", text) else '"0"'


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return "one of " + ", ".join(self.words)

    def read(self, text: str) -> str:
        """Return the word."""
        return text

    def admits(self, value: object) -> bool:
        """Tell whether the word is one of the choices."""
        return value in self.words

    def suggest(self, text: str) -> str:
        """Return the choice that begins as the text does, else the first."""
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
        """Return the number."""
        return int(text)

    def admits(self, value: object) -> bool:
        """Tell whether the number is one of the choices."""
        return value in self.numbers

    def suggest(self, text: str) -> str:
        """Return the choice nearest to the number, else the first."""
        wanted = int(text) if re.fullmatch(r"-?\d+", text) else self.numbers[0]
        return str(min(self.numbers, key=lambda number: abs(number - wanted)))


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def __str__(self) -> str:
        return "true or false"

    def read(self, text: str) -> bool:
        """Return the truth that the word stands for."""
        if text not in {"true", "false"}:
            raise ValueError(text)
        return text == "true"

    def admits(self, value: object) -> bool:
        """Tell whether the value is a truth."""
        return isinstance(value, bool)

    def suggest(self, text: str) -> str:
        """Return true for words that commonly mean it."""
        return "true" if text.lower() in {"true", "yes", "on", "1"} else "false"


@dataclass(frozen=True)
class Text:
    """A text that matches `pattern` as a whole.

    `words` says the same for people; `example` is a text that matches.
    """

    pattern: str
    words: str
    example: str

    def __str__(self) -> str:
        return self.words

    def read(self, text: str) -> str:
        """Return the text."""
        return text

    def admits(self, value: object) -> bool:
        """Tell whether the text matches."""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None

    def suggest(self, text: str) -> str:  # noqa: ARG002 - no guess from a wrong text is better than the example
        """Return the example, quoted."""
        return json.dumps(self.example)


@dataclass(frozen=True)
class Texts:
    """A list of up to `most` texts, each of which `item` admits."""

    item: Text
    most: int

    def __str__(self) -> str:
        return f"a list of up to {self.most}, each {self.item}"

    def read(self, text: str) -> tuple[str, ...]:
        """Return the list that the JSON text holds."""
        items = json.loads(text)
        if not isinstance(items, list):
            raise ValueError(text)  # noqa: TRY004 - to the caller it is an unreadable text, whatever its type
        return tuple(items)

    def admits(self, value: object) -> bool:
        """Tell whether every text matches."""
        return isinstance(value, tuple) and len(value) <= self.most and all(map(self.item.admits, value))

    def suggest(self, text: str) -> str:
        """Return a list of the example."""
        return f"[{self.item.suggest(text)}]"


@dataclass(frozen=True)
class TextMap:
    """A map of up to `most` texts, as for tags: `key` and `value` admit what stands on either side."""

    key: Text
    value: Text
    most: int

    def __str__(self) -> str:
        return f"a map of up to {self.most}, each key {self.key}, each value {self.value}"

    def read(self, text: str) -> dict[str, str]:
        """Return the map that the JSON text holds."""
        entries = json.loads(text)
        if not isinstance(entries, dict):
            raise ValueError(text)  # noqa: TRY004 - to the caller it is an unreadable text, whatever its type
        return entries

    def admits(self, value: object) -> bool:
        """Tell whether every key and every value matches."""
        if not isinstance(value, dict) or len(value) > self.most:
            return False
        return all(self.key.admits(name) and self.value.admits(text) for name, text in value.items())

    def suggest(self, text: str) -> str:
        """Return a map of the examples."""
        return f"{{{self.key.suggest(text)}: {self.value.suggest(text)}}}"
