"""Checks of settings against each other: values that are valid by themselves, but not together."""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.settings import limits
from infra.settings.limits import SECONDS_A_DAY, longest_life_seconds, visibility_timeout_seconds
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


def dead_records_outlive_messages(
    dead_letter_ttl_days: int, task_retention_days: int, dead_letter_retention_days: int
) -> Problem | None:
    """Check the same of a dead letter's record: a late duplicate would begin the task anew."""
    longest = max(task_retention_days, dead_letter_retention_days)
    if dead_letter_ttl_days > longest:
        return None
    return Problem.of_setting(
        "deadLetterTtlDays",
        dead_letter_ttl_days,
        f"above the queues' retention, {longest} days, otherwise a late duplicate would be processed again",
        longest + 1,
    )


def retries_end_before_the_message_expires(  # noqa: PLR0913, PLR0917 - each setting is a field that is checked
    max_attempts: int,
    backoff_base_seconds: int,
    max_backoff_seconds: int,
    process_timeout_seconds: int,
    batching_window_seconds: int,
    task_retention_days: int,
) -> Problem | None:
    """Check that the queue does not drop a task that still has attempts left, even if workers are killed."""
    span = longest_life_seconds(
        max_attempts,
        backoff_base_seconds,
        max_backoff_seconds,
        process_timeout_seconds,
        batching_window_seconds,
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


def scopes_come_with_tokens(api_auth: str, api_jwt_scopes: tuple[str, ...]) -> Problem | None:
    """Check that scopes are not asked for in vain: only tokens have any."""
    if api_auth == "jwt" or not api_jwt_scopes:
        return None
    return Problem.of_setting(
        "apiJwtScopes", ", ".join(api_jwt_scopes), f"empty, as apiAuth {api_auth} has no tokens", "[]"
    )


def the_environment_has_one_name(environment: str, tags: Mapping[str, str]) -> Problem | None:
    """Check that no tag of the user's hides the environment from the policy pack, which reads its tag."""
    if tags.get("Environment", environment) == environment:
        return None
    others = {key: value for key, value in tags.items() if key != "Environment"}
    return Problem.of_setting(
        "tags", json.dumps(dict(tags)), f"without Environment, which is {environment}", json.dumps(others)
    )


def global_names_fit(stack: str, global_name_suffix: str) -> Problem | None:
    """Check that the names of roles stay within IAM's limit."""
    left = max(0, limits.STACK_NAME_AND_SUFFIX_LENGTH - len(stack))
    if len(global_name_suffix) <= left:
        return None
    return Problem.of_setting(
        "globalNameSuffix",
        global_name_suffix,
        f"at most {left} characters, as the stack's name has {len(stack)}",
        json.dumps(global_name_suffix[:left]),
    )


LANE_CHECKS: tuple[Callable[..., Problem | None], ...] = (
    large_batches_have_a_window,
    the_window_leaves_time_to_work,
)
"""Checks that hold for the figures of each lane."""


def the_api_keeps_some_concurrency(
    max_concurrency: int, api_reserved_concurrency: int, api_burst_limit: int
) -> Problem | None:
    """Check that the two queues' functions leave some of an account's concurrency, as far as is known."""
    queues = f"two queues with a maxConcurrency of {max_concurrency}"
    return takes_all_concurrency(queues, 2 * max_concurrency, api_reserved_concurrency, api_burst_limit)


def takes_all_concurrency(
    queues: str, most: int, api_reserved_concurrency: int, api_burst_limit: int
) -> Problem | None:
    """Return the problem of queues that may take so many invocations that the API gets none.

    How much an account has cannot be asked without a look-up; this goes by what it has at first.
    """
    if api_reserved_concurrency or most <= limits.ACCOUNT_CONCURRENCY - limits.UNRESERVED_CONCURRENCY:
        return None
    return Problem.of_setting(
        "apiReservedConcurrency",
        api_reserved_concurrency,
        f"at least 1, as {queues} may take {most} invocations "
        f"of the {limits.ACCOUNT_CONCURRENCY} that an account has at first",
        min(api_burst_limit, limits.RESERVED_CONCURRENCY.high),
    )


def a_reservation_takes_a_burst(api_reserved_concurrency: int, api_burst_limit: int) -> Problem | None:
    """Check that what is reserved, which is also the most, does not refuse what the API lets through."""
    if not api_reserved_concurrency or api_burst_limit <= api_reserved_concurrency:
        return None
    return Problem.of_setting(
        "apiBurstLimit",
        api_burst_limit,
        f"at most apiReservedConcurrency, {api_reserved_concurrency}: more would get a 5xx and not a 429",
        api_reserved_concurrency,
    )


CROSS_CHECKS: tuple[Callable[..., Problem | None], ...] = (
    dead_letters_outlive_tasks,
    records_outlive_messages,
    dead_records_outlive_messages,
    retries_end_before_the_message_expires,
    waits_grow,
    large_batches_have_a_window,
    the_window_leaves_time_to_work,
    jwt_names_its_issuer,
    jwt_names_its_audience,
    scopes_come_with_tokens,
    the_environment_has_one_name,
    global_names_fit,
    the_api_keeps_some_concurrency,
    a_reservation_takes_a_burst,
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
