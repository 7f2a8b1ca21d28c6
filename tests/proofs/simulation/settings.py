"""The functions' settings in a simulation; timeouts relate to each other as in a stack (`infra/settings`)."""

from typing import Final

from monitor_dlq.handler import MonitorSettings
from process_task.handler import ProcessSettings
from submit_task.handler import SubmitSettings
from tests.proofs.simulation.program import Program
from wake_tasks.handler import WakeSettings

NAMESPACE: Final = "TaskGuard"
TABLE: Final = "tasks"
DEAD_LETTERS: Final = "https://sqs.test/dead-letters"

MAX_ATTEMPTS: Final = 3
MAX_RECEIVES: Final = MAX_ATTEMPTS + 5
"""`maxReceiveCount` of the task queue's redrive policy: the net below the attempts that the record counts."""

BACKOFF_BASE_SECONDS: Final = 40
"""So that the wait before the second attempt is hidden, and that before the third needs a fresh message."""

BATCH_SIZE: Final = 10
RECORD_TTL_DAYS: Final = 30
DEAD_LETTER_TTL_DAYS: Final = 180
RETENTION_DAYS: Final = 4
TIMEOUT_SECONDS: Final = 30
VISIBILITY_SECONDS: Final = 6 * TIMEOUT_SECONDS


def submit(service: str, program: Program) -> SubmitSettings:
    """Return `submit_task`'s settings."""
    return SubmitSettings(TABLE, service, NAMESPACE, program.task_queues, RETENTION_DAYS)


def process(service: str, program: Program, lane: str) -> ProcessSettings:
    """Return the settings of a lane's `process_task`."""
    return ProcessSettings(
        tasks_table_name=TABLE,
        powertools_service_name=service,
        powertools_metrics_namespace=NAMESPACE,
        task_queue_urls=program.task_queues,
        lane=lane,
        dead_letter_queue_url=DEAD_LETTERS,
        max_attempts=MAX_ATTEMPTS,
        backoff_base_seconds=BACKOFF_BASE_SECONDS,
        max_backoff_seconds=900,
        backoff_jitter=0,
        task_deadline_days=7,
        task_retention_days=RETENTION_DAYS,
        record_ttl_days=RECORD_TTL_DAYS,
        failure_rate=0,
        permanent_failure_suffix="",
        simulation_seed="",
    )


def monitor(service: str) -> MonitorSettings:
    """Return `monitor_dlq`'s settings."""
    return MonitorSettings(
        TABLE, service, NAMESPACE, DEAD_LETTERS, DEAD_LETTER_TTL_DAYS, log_dead_letter_payload=True
    )


def waker(service: str, program: Program) -> WakeSettings:
    """Return `wake_tasks`' settings."""
    return WakeSettings(TABLE, service, NAMESPACE, program.task_queues, DEAD_LETTERS, RETENTION_DAYS)
