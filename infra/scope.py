"""What all components of one stack share: how things are named and tagged."""

from collections.abc import Mapping
from dataclasses import dataclass

PROJECT = "taskguard"


@dataclass(frozen=True)
class Scope:
    """The stack that components belong to.

    Names are given, not generated, because operators, log queries and alarms find things by them, and because
    a function's log group must exist before the function does.

    Attributes
    ----------
    stack
        The stack's name.
    extra_tags
        The setting `tags`.
    """

    stack: str
    extra_tags: Mapping[str, str]

    @property
    def prefix(self) -> str:
        """How every physical name begins; also the `service` of the logs and metrics."""
        return f"{PROJECT}-{self.stack}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags of every resource that can have some."""
        return {"Project": PROJECT, "Stack": self.stack, **self.extra_tags}

    def name(self, noun: str) -> str:
        """Return the physical name of a thing: `taskguard-<stack>-<noun>`."""
        return f"{self.prefix}-{noun}"
