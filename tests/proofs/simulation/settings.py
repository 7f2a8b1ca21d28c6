"""The functions' settings in a simulation; timeouts relate to each other as in a stack (`infra/settings`)."""

from datetime import timedelta
from typing import Final

from monitor_dlq.handler import MonitorSettings
from process_task.handler import ProcessSettings
from submit_task.handler import SubmitSettings
from taskguard.edge.environment import Common
from taskguard.model.retry import RetryPolicy
from taskguard.model.simulation import Simulation

TABLE: Final = "tasks"
TASK_QUEUE: Final = "https://sqs.test/tasks"
DEAD_LETTERS: Final = "https://sqs.test/dead-letters"

MAX_ATTEMPTS: Final = 3
BATCH_SIZE: Final = 10
TIMEOUT_SECONDS: Final = 30
VISIBILITY_SECONDS: Final = 6 * TIMEOUT_SECONDS

_KEEP: Final = timedelta(days=30)


def submit(service: str) -> SubmitSettings:
    """Return `submit_task`'s settings."""
    return SubmitSettings(_common(service), TASK_QUEUE)


def process(service: str) -> ProcessSettings:
    """Return `process_task`'s settings."""
    policy = RetryPolicy(MAX_ATTEMPTS, backoff_base_seconds=5, max_backoff_seconds=900)
    return ProcessSettings(_common(service), TASK_QUEUE, DEAD_LETTERS, policy, Simulation(), _KEEP)


def monitor(service: str) -> MonitorSettings:
    """Return `monitor_dlq`'s settings."""
    return MonitorSettings(_common(service), DEAD_LETTERS, _KEEP)


def _common(service: str) -> Common:
    return Common(table=TABLE, service=service, namespace="TaskGuard")
