"""What is wrong with a value, in words that help to correct it, and the errors that report it."""

from dataclasses import dataclass

import pulumi

from infra.settings import PROJECT


@dataclass(frozen=True)
class Problem:
    """One bad value.

    Attributes
    ----------
    field
        The setting or argument.
    value
        The bad value, as text.
    allowed
        What is allowed, in words.
    line
        The YAML line to write into the stack's file; empty for an argument.
    """

    field: str
    value: str
    allowed: str
    line: str = ""

    @classmethod
    def of_setting(cls, name: str, value: object, allowed: str, suggestion: object) -> "Problem":
        """Return the problem of a setting, for which a value that is allowed is suggested."""
        return cls(name, str(value), allowed, f"{PROJECT}:{name}: {suggestion}")

    def __str__(self) -> str:
        text = f"{self.field} is {self.value}; it must be {self.allowed}."
        return f"{text}\n      {self.line}" if self.line else text


class SettingsError(pulumi.RunError):
    """The stack's configuration cannot be used; `problems` lists everything that is wrong with it.

    It is a `RunError`, so that Pulumi prints its text alone, without a stack trace.
    """

    def __init__(self, stack: str, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        listing = "\n".join(f"  {number}. {problem}" for number, problem in enumerate(problems, start=1))
        super().__init__(
            f"{len(problems)} problem(s) in the configuration. "
            f"Write below `config:` in Pulumi.{stack}.yaml:\n{listing}"
        )


class ArgsError(ValueError):
    """A component was given bad arguments; `problems` lists every one of them."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{name}: " + " ".join(map(str, problems)))
