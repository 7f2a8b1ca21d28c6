"""The values behind the environment keys that `infra.needs` lists."""

from collections.abc import Mapping

import pulumi

from infra.needs import COMMON_ENVIRONMENT, FunctionNeeds
from infra.settings import Settings

METRICS_NAMESPACE = "TaskGuard"


def environment_values(
    settings: Settings,
    service: str,
    table_name: pulumi.Input[str],
    task_queue_url: pulumi.Input[str],
    dead_letter_queue_url: pulumi.Input[str],
) -> dict[str, pulumi.Input[str]]:
    """Return the value of every key that a function may ask for.

    Lambda takes texts only; `:g` writes a rate of 1.0 as "1" and keeps 0.3 as "0.3".
    """
    return {
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
        "POWERTOOLS_SERVICE_NAME": service,
        "TASKS_TABLE_NAME": table_name,
        "TASK_QUEUE_URL": task_queue_url,
        "DEAD_LETTER_QUEUE_URL": dead_letter_queue_url,
        "MAX_ATTEMPTS": str(settings.max_attempts),
        "BACKOFF_BASE_SECONDS": str(settings.backoff_base_seconds),
        "MAX_BACKOFF_SECONDS": str(settings.max_backoff_seconds),
        "RECORD_TTL_DAYS": str(settings.record_ttl_days),
        "FAILURE_RATE": f"{settings.failure_rate:g}",
        "PERMANENT_FAILURE_SUFFIX": settings.permanent_failure_suffix,
        "SIMULATION_SEED": settings.simulation_seed,
    }


def environment_of(
    needs: FunctionNeeds, values: Mapping[str, pulumi.Input[str]]
) -> dict[str, pulumi.Input[str]]:
    """Return the environment of one function: what all have, and what it asks for; nothing else."""
    return {key: values[key] for key in sorted((*COMMON_ENVIRONMENT, *needs.environment))}
