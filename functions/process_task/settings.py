"""What the function reads from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from taskguard.environment import Common, Environment
from taskguard.retry import RetryPolicy
from taskguard.simulation import Simulation


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
