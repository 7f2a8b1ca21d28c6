"""Reads policy documents: the IAM policy grammar allows one or many in most places.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Statement:
    """One statement, with lists where the grammar allows a single value."""

    source: Mapping[str, Any]

    @property
    def effect(self) -> str:
        """`Allow` or `Deny`."""
        return str(self.source["Effect"])

    @property
    def actions(self) -> list[str]:
        """What it is about."""
        return _many(self.source.get("Action"))

    @property
    def resources(self) -> list[str]:
        """Patterns of ARNs; none in a role's trust policy."""
        return _many(self.source.get("Resource"))

    @property
    def principals(self) -> list[str]:
        """Whom it is about, of whatever kind; none in a role's own policy."""
        principal = self.source.get("Principal")
        if isinstance(principal, Mapping):
            return [name for names in principal.values() for name in _many(names)]
        return _many(principal)

    @property
    def everyone(self) -> bool:
        """Whether it is about all principals."""
        return "*" in self.principals

    @property
    def condition(self) -> Mapping[str, Any]:
        """Its condition block; empty if it has none."""
        return dict(self.source.get("Condition", {}))

    @property
    def negations(self) -> list[str]:
        """The elements that say what it is not about, such as `NotAction`."""
        return [key for key in self.source if key.startswith("Not")]


def statements(document: str) -> list[Statement]:
    """Return the statements of a policy document in JSON."""
    return [Statement(each) for each in _many(json.loads(document)["Statement"])]


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
