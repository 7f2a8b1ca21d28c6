"""A function's environment, read value by value into one typed object (its ``settings`` module)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from taskguard.model.errors import InvalidEnvironment


@dataclass
class Environment:
    """Reads values one by one and remembers every problem, so that all are reported at once."""

    values: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def text(self, key: str) -> str:
        """Return a value that must not be empty."""
        value = self.values.get(key, "")
        if not value:
            self.problems.append(f"{key} is missing")
        return value

    def optional(self, key: str) -> str:
        """Return a value, or the empty text."""
        return self.values.get(key, "")

    def whole(self, key: str, least: int) -> int:
        """Return a whole number of at least ``least``."""
        return int(self._number(key, int, least))

    def share(self, key: str) -> float:
        """Return a number from 0 to 1."""
        value = self._number(key, float, 0)
        if value > 1:
            self.problems.append(f"{key} must be at most 1, is {value}")
        return value

    def finish(self) -> None:
        """Raise ``InvalidEnvironment`` if anything was wrong."""
        if self.problems:
            raise InvalidEnvironment(self.problems)

    def _number(self, key: str, kind: type[int] | type[float], least: int) -> float:
        try:
            value = kind(self.values.get(key, ""))
        except ValueError:
            self.problems.append(f"{key} must be a number, is {self.values.get(key)!r}")
            return least
        if not value >= least:
            self.problems.append(f"{key} must be at least {least}, is {value}")
        return value


@dataclass(frozen=True, slots=True)
class Common:
    """What every function needs: the table, and the names of its telemetry."""

    table: str
    service: str
    namespace: str

    @classmethod
    def read(cls, environment: Environment) -> "Common":
        """Read the part; problems stay with the environment."""
        return cls(
            table=environment.text("TASKS_TABLE_NAME"),
            service=environment.text("POWERTOOLS_SERVICE_NAME"),
            namespace=environment.text("POWERTOOLS_METRICS_NAMESPACE"),
        )
