"""What texts, lists of texts and maps of texts may be."""

import json
import re
from dataclasses import dataclass


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
