"""Checks of settings against each other: values that are valid by themselves, but not together."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from infra.settings.limits import SECONDS_A_DAY, retry_span_seconds, visibility_timeout_seconds
from infra.settings.problems import Problem


def dead_letters_outlive_tasks(task_retention_days: int, dead_letter_retention_days: int) -> Problem | None:
    """Check the dead-letter queue's retention: a message that moves keeps its age.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    """
    if dead_letter_retention_days > task_retention_days:
        return None
    return Problem.of_setting(
        "deadLetterRetentionDays",
        dead_letter_retention_days,
        f"above taskRetentionDays, {task_retention_days}",
        task_retention_days + 1,
    )


def records_outlive_messages(
    record_ttl_days: int, task_retention_days: int, dead_letter_retention_days: int
) -> Problem | None:
    """Check that no message outlives its task's record: a late duplicate would look like a new task."""
    longest = max(task_retention_days, dead_letter_retention_days)
    if record_ttl_days > longest:
        return None
    return Problem.of_setting(
        "recordTtlDays",
        record_ttl_days,
        f"above the queues' retention, {longest} days, otherwise a late duplicate would be processed again",
        longest + 1,
    )


def retries_end_before_the_message_expires(
    max_attempts: int,
    backoff_base_seconds: int,
    max_backoff_seconds: int,
    process_timeout_seconds: int,
    task_retention_days: int,
) -> Problem | None:
    """Check that the queue does not drop a task that still has attempts left."""
    span = retry_span_seconds(
        max_attempts, backoff_base_seconds, max_backoff_seconds, process_timeout_seconds
    )
    days = span // SECONDS_A_DAY + 1
    if days <= task_retention_days:
        return None
    return Problem.of_setting(
        "taskRetentionDays",
        task_retention_days,
        f"long enough for {max_attempts} attempts, which may take {days} day(s)",
        days,
    )


def waits_grow(backoff_base_seconds: int, max_backoff_seconds: int) -> Problem | None:
    """Check that the first wait is not longer than the longest wait."""
    if backoff_base_seconds <= max_backoff_seconds:
        return None
    return Problem.of_setting(
        "maxBackoffSeconds",
        max_backoff_seconds,
        f"at least backoffBaseSeconds, {backoff_base_seconds}",
        backoff_base_seconds,
    )


def large_batches_have_a_window(batch_size: int, batching_window_seconds: int) -> Problem | None:
    """Check a demand of Lambda: a batch of more than 10 needs a window of at least one second.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    if batch_size <= 10 or batching_window_seconds >= 1:
        return None
    return Problem.of_setting(
        "batchingWindowSeconds",
        batching_window_seconds,
        f"at least 1, as a batchSize of {batch_size} needs",
        1,
    )


def the_window_leaves_time_to_work(
    batching_window_seconds: int, process_timeout_seconds: int
) -> Problem | None:
    """Check that a batch is not gathered for longer than the six timeouts that are left to process it.

    Messages are already hidden while they are gathered: a longer window would use up most of their visibility
    timeout.
    """
    most = visibility_timeout_seconds(process_timeout_seconds, 0)
    if batching_window_seconds <= most:
        return None
    return Problem.of_setting(
        "batchingWindowSeconds",
        batching_window_seconds,
        f"at most six times processTimeoutSeconds, {most}",
        most,
    )


def jwt_names_its_issuer(api_auth: str, api_jwt_issuer: str) -> Problem | None:
    """Check that the API knows whose tokens to accept."""
    if api_auth != "jwt" or api_jwt_issuer:
        return None
    return Problem.of_setting(
        "apiJwtIssuer", "empty", "an issuer, which apiAuth jwt needs", '"https://ISSUER.example.com"'
    )


def jwt_names_its_audience(api_auth: str, api_jwt_audience: tuple[str, ...]) -> Problem | None:
    """Check that the API knows for whom a token must be meant."""
    if api_auth != "jwt" or api_jwt_audience:
        return None
    return Problem.of_setting(
        "apiJwtAudience", "empty", "an audience, which apiAuth jwt needs", '["AUDIENCE"]'
    )


CROSS_CHECKS: tuple[Callable[..., Problem | None], ...] = (
    dead_letters_outlive_tasks,
    records_outlive_messages,
    retries_end_before_the_message_expires,
    waits_grow,
    large_batches_have_a_window,
    the_window_leaves_time_to_work,
    jwt_names_its_issuer,
    jwt_names_its_audience,
)


def contradictions(values: Mapping[str, Any]) -> list[Problem]:
    """Return the problems that the checks find among values that are valid by themselves.

    A check's parameters name the fields of `Settings` that it reads. If one of them is missing from `values`,
    its own problem has already been reported, and the check is skipped.
    """
    found = []
    for check in CROSS_CHECKS:
        fields = inspect.signature(check).parameters
        if all(field in values for field in fields):
            found.append(check(**{field: values[field] for field in fields}))
    return [problem for problem in found if problem is not None]
