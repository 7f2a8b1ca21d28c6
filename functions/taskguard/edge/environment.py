"""A function's environment as one typed object: a field for each key, checked when it is read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self, TypeAlias, get_args, get_type_hints

from taskguard.kinds import DEFAULT_LANE
from taskguard.model.errors import InvalidEnvironment


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Rule of a whole number: not below `least`."""

    least: int

    def read(self, text: str) -> int:
        """Return the number; raises `ValueError` with what is wrong."""
        value = int(_number(text, int))
        if value < self.least:
            raise ValueError(f"must be at least {self.least}, is {value}")
        return value


@dataclass(frozen=True, slots=True)
class Share:
    """Rule of a number from 0 to 1."""

    def read(self, text: str) -> float:
        """Return the number; raises `ValueError` with what is wrong."""
        value = _number(text, float)
        if not value >= 0:  # not-a-number is not
            raise ValueError(f"must be at least 0, is {value}")
        if value > 1:
            raise ValueError(f"must be at most 1, is {value}")
        return value


@dataclass(frozen=True, slots=True)
class YesNo:
    """Rule of `true` or `false`."""

    def read(self, text: str) -> bool:
        """Return the truth value; raises `ValueError` with what is wrong."""
        if text not in ("true", "false"):
            raise ValueError(f"must be true or false, is {text or None!r}")
        return text == "true"


@dataclass(frozen=True, slots=True)
class MayBeEmpty:
    """Rule of a text that may be empty or missing."""

    def read(self, text: str) -> str:
        """Return the text."""
        return text


@dataclass(frozen=True, slots=True)
class ByLane:
    """Rule of a JSON object with a text for each lane, the default lane among them."""

    def read(self, text: str) -> Mapping[str, str]:
        """Return the texts by lane; raises `ValueError` with what is wrong."""
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        texts = isinstance(value, dict) and all(isinstance(each, str) and each for each in value.values())
        if not texts or DEFAULT_LANE not in value:
            raise ValueError(
                f"must be a JSON object of texts by lane, {DEFAULT_LANE} among them, is {text or None!r}"
            )
        return dict(value)


@dataclass(frozen=True, slots=True)
class Required:
    """Rule of a text that must be there; fields without another rule have this one."""

    def read(self, text: str) -> str:
        """Return the text; raises `ValueError` if it is empty."""
        if not text:
            raise ValueError("is missing")
        return text


@dataclass(frozen=True, slots=True)
class Environment:
    """What every function has in its environment; each handler adds the fields of its own.

    A field is read from the key of the same name in capitals: `tasks_table_name` from `TASKS_TABLE_NAME`. A
    rule stands in the annotation: `max_attempts: Annotated[int, AtLeast(1)]`.
    """

    tasks_table_name: str
    powertools_service_name: str
    powertools_metrics_namespace: str

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Self:
        """Return the environment; raises `InvalidEnvironment` with everything that is wrong."""
        annotations = get_type_hints(cls, include_extras=True)
        found: dict[str, Any] = {}
        problems = []
        for each in fields(cls):
            rule, key = _rule(annotations[each.name]), each.name.upper()
            try:
                found[each.name] = rule.read(values.get(key, ""))
            except ValueError as error:
                problems.append(f"{key} {error}")
        if problems:
            raise InvalidEnvironment(problems)
        return cls(**found)


Rule: TypeAlias = AtLeast | Share | YesNo | MayBeEmpty | ByLane | Required


def _rule(annotation: object) -> Rule:
    return next((each for each in get_args(annotation) if isinstance(each, Rule)), Required())


def _number(text: str, kind: type[int] | type[float]) -> float:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"must be a number, is {text or None!r}") from None
