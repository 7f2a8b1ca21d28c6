"""Each function's environment as one typed object; nothing else reads ``os.environ``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from taskguard.errors import InvalidEnvironment
from taskguard.retry import RetryPolicy
from taskguard.simulation import Simulation


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


@dataclass(frozen=True, slots=True)
class SubmitSettings:
    """``submit_task``'s environment."""

    common: Common
    task_queue_url: str

    @classmethod
    def read(cls, values: Mapping[str, str]) -> "SubmitSettings":
        """Return the settings; raises ``InvalidEnvironment``."""
        environment = Environment(values)
        settings = cls(Common.read(environment), environment.text("TASK_QUEUE_URL"))
        environment.finish()
        return settings


@dataclass(frozen=True, slots=True)
class GetSettings:
    """``get_task``'s environment."""

    common: Common

    @classmethod
    def read(cls, values: Mapping[str, str]) -> "GetSettings":
        """Return the settings; raises ``InvalidEnvironment``."""
        environment = Environment(values)
        settings = cls(Common.read(environment))
        environment.finish()
        return settings


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """``process_task``'s environment."""

    common: Common
    task_queue_url: str
    dead_letter_queue_url: str
    policy: RetryPolicy
    simulation: Simulation
    keep_for: timedelta

    @classmethod
    def read(cls, values: Mapping[str, str]) -> "ProcessSettings":
        """Return the settings; raises ``InvalidEnvironment``."""
        environment = Environment(values)
        settings = cls(
            common=Common.read(environment),
            task_queue_url=environment.text("TASK_QUEUE_URL"),
            dead_letter_queue_url=environment.text("DEAD_LETTER_QUEUE_URL"),
            policy=RetryPolicy(
                max_attempts=environment.whole("MAX_ATTEMPTS", 1),
                backoff_base_seconds=environment.whole("BACKOFF_BASE_SECONDS", 0),
                max_backoff_seconds=environment.whole("MAX_BACKOFF_SECONDS", 0),
            ),
            simulation=Simulation(
                failure_rate=environment.share("FAILURE_RATE"),
                permanent_failure_suffix=environment.optional("PERMANENT_FAILURE_SUFFIX"),
                seed=environment.optional("SIMULATION_SEED"),
            ),
            keep_for=timedelta(days=environment.whole("RECORD_TTL_DAYS", 1)),
        )
        environment.finish()
        return settings


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """``monitor_dlq``'s environment."""

    common: Common
    dead_letter_queue_url: str
    keep_for: timedelta

    @classmethod
    def read(cls, values: Mapping[str, str]) -> "MonitorSettings":
        """Return the settings; raises ``InvalidEnvironment``."""
        environment = Environment(values)
        settings = cls(
            common=Common.read(environment),
            dead_letter_queue_url=environment.text("DEAD_LETTER_QUEUE_URL"),
            keep_for=timedelta(days=environment.whole("RECORD_TTL_DAYS", 1)),
        )
        environment.finish()
        return settings
