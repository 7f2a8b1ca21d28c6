"""What is wrong with a value, said so that a person can mend it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_args, get_origin

import pulumi

from infra.settings.rules import Rule


@dataclass(frozen=True)
class Problem:
    """One bad value.

    Attributes
    ----------
    field
        The setting or argument.
    value
        What was found, as text.
    allowed
        What is allowed, in words.
    line
        The YAML line to write into the stack's file; empty for an argument.
    """

    field: str
    value: str
    allowed: str
    line: str = ""

    def __str__(self) -> str:
        text = f"{self.field} is {self.value}; it must be {self.allowed}."
        return f"{text}\n      {self.line}" if self.line else text


class SettingsError(pulumi.RunError):
    """The stack's configuration cannot be used; `problems` holds all that is wrong.

    A `RunError` ends a program with its text alone, without a stack trace.
    """

    def __init__(self, stack: str, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        listing = "\n".join(f"  {number}. {problem}" for number, problem in enumerate(problems, start=1))
        super().__init__(
            f"{len(problems)} problem(s) in the configuration. "
            f"Write below `config:` in Pulumi.{stack}.yaml:\n{listing}"
        )


class ArgsError(ValueError):
    """A component was given arguments that it cannot work with; `problems` holds all that is wrong."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{name}: " + " ".join(map(str, problems)))


def rules_of(annotated: type) -> dict[str, Rule]:
    """Return the rule of each field of a dataclass that has one, by field name."""
    ruled = (each for each in fields(annotated) if get_origin(each.type) is Annotated)
    return {each.name: get_args(each.type)[1] for each in ruled}


@dataclass(frozen=True)
class CheckedArgs:
    """A component's arguments, checked when they are built.

    Fields annotated with a rule are held against it, all of them, before `ArgsError` is raised. Values that
    are known only after deployment (outputs) need no rule and get none.
    """

    def __post_init__(self) -> None:
        problems = list(_misfits(vars(self), rules_of(type(self))))
        if problems:
            raise ArgsError(type(self).__name__, problems)


def _misfits(values: Mapping[str, Any], rules: Mapping[str, Rule]) -> Iterator[Problem]:
    for name, rule in rules.items():
        if not rule.admits(values[name]):
            yield Problem(name, repr(values[name]), str(rule))
