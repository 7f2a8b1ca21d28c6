"""What the function reads from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from taskguard.environment import Common, Environment


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
