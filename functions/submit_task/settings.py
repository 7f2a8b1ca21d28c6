"""What the function reads from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from taskguard.environment import Common, Environment


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
