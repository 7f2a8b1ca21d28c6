"""The functions' settings in a simulation; timeouts relate to each other as in a stack (`infra/settings`)."""

from typing import Final

from monitor_dlq.handler import MonitorSettings
from process_task.handler import ProcessSettings
from submit_task.handler import SubmitSettings

NAMESPACE: Final = "TaskGuard"
TABLE: Final = "tasks"
TASK_QUEUE: Final = "https://sqs.test/tasks"
DEAD_LETTERS: Final = "https://sqs.test/dead-letters"

MAX_ATTEMPTS: Final = 3
BATCH_SIZE: Final = 10
RECORD_TTL_DAYS: Final = 30
TIMEOUT_SECONDS: Final = 30
VISIBILITY_SECONDS: Final = 6 * TIMEOUT_SECONDS


def submit(service: str) -> SubmitSettings:
    """Return `submit_task`'s settings."""
    return SubmitSettings(TABLE, service, NAMESPACE, TASK_QUEUE)


def process(service: str) -> ProcessSettings:
    """Return `process_task`'s settings."""
    return ProcessSettings(
        tasks_table_name=TABLE,
        powertools_service_name=service,
        powertools_metrics_namespace=NAMESPACE,
        task_queue_url=TASK_QUEUE,
        dead_letter_queue_url=DEAD_LETTERS,
        max_attempts=MAX_ATTEMPTS,
        backoff_base_seconds=5,
        max_backoff_seconds=900,
        record_ttl_days=RECORD_TTL_DAYS,
        failure_rate=0,
        permanent_failure_suffix="",
        simulation_seed="",
    )


def monitor(service: str) -> MonitorSettings:
    """Return `monitor_dlq`'s settings."""
    return MonitorSettings(TABLE, service, NAMESPACE, DEAD_LETTERS, RECORD_TTL_DAYS)
