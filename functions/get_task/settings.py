"""What the function reads from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from taskguard.environment import Common, Environment


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
