"""What is watched, and what to do about it. Data only: `infra.monitoring.alarms` builds on it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.components.api import STAGE
from infra.components.scope import METRICS_NAMESPACE, component_name
from infra.components.table import DEAD_LETTER_INDEX
from infra.monitoring.alarms import Alarm, Metric

# A function that takes more than this share of its timeout is about to be cut off.
TIMEOUT_SHARE = 0.8
# Time for a burst to be worked off, beyond what retries of a single task may take.
BACKLOG_SECONDS = 300
# Lambda polls all the time: dead letters that wait for so long are not read at all.
DEAD_LETTER_AGE_SECONDS = 900
# The monitor's failed messages come back after 180 s: by then it has failed five times in a row.
DEAD_LETTER_STANDING_MINUTES = 15
API_LATENCY_MILLISECONDS = 3000

AGE = "ApproximateAgeOfOldestMessage"
# What waits, and what is being read.
DEPTH = ("ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible")


@dataclass(frozen=True)
class Watched:
    """The things that alarms read from.

    Attributes
    ----------
    service
        Value of the dimension `service` of the program's own metrics.
    functions
        Physical names by key of `infra.needs.NEEDS`.
    timeouts_seconds
        The functions' timeouts, by the same keys.
    task_queue, dead_letter_queue, table
        Physical names.
    table_operations
        What the functions do with the table, such as `PutItem`.
    api_id
        The API's id.
    retry_span_seconds
        From a task's first try to the end of its last, at worst.
    """

    service: str
    functions: Mapping[str, pulumi.Input[str]]
    timeouts_seconds: Mapping[str, int]
    task_queue: pulumi.Input[str]
    dead_letter_queue: pulumi.Input[str]
    table: pulumi.Input[str]
    table_operations: tuple[str, ...]
    api_id: pulumi.Input[str]
    retry_span_seconds: int


def catalogue(watched: Watched) -> tuple[Alarm, ...]:
    """Return all alarms of a stack."""
    functions = [alarm for key in watched.functions for alarm in function_alarms(watched, key)]
    return (
        *dead_letter_alarms(watched),
        *backlog_alarms(watched),
        *functions,
        *api_alarms(watched),
        *table_alarms(watched),
    )


def dead_letter_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarms on dead letters: on arrival, and on staying, as their queue is nearly always empty.

    A message that was received three times leaves the metric of age, so the age tells only of a monitor that
    does not run; of one that runs and fails, the depth tells, if it is above 0 all the time:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    return (
        Alarm(
            name="dead-letters-arriving",
            meaning="Tasks were given up after their last try and wait for a person.",
            first_step="`python -m ops dead` lists them and why; mend the cause, then `ops redrive`.",
            metrics=(_own_metric(watched, "TaskDeadLettered"),),
        ),
        Alarm(
            name="dead-letter-monitor-called",
            meaning="Messages reached the dead-letter queue; this one needs no code of ours to work.",
            first_step="search the monitor's log for TASK_DEAD_LETTER; without such lines, for its errors.",
            metrics=(_lambda_metric(watched, "monitor_dlq", "Invocations"),),
        ),
        Alarm(
            name="dead-letters-not-picked-up",
            meaning="Nobody reads the dead-letter queue: the monitor is switched off or throttled.",
            first_step="see whether its event source mapping is enabled; the messages stay meanwhile.",
            metrics=(_queue_metric(watched.dead_letter_queue, AGE),),
            statistic="Maximum",
            above=DEAD_LETTER_AGE_SECONDS,
        ),
        Alarm(
            name="dead-letters-coming-back",
            meaning=f"For {DEAD_LETTER_STANDING_MINUTES} minutes the monitor could not record what it read.",
            first_step="search its log for AWS_UNAVAILABLE and MESSAGE_CRASHED; the messages stay meanwhile.",
            metrics=tuple(_queue_metric(watched.dead_letter_queue, name) for name in DEPTH),
            statistic="Minimum",
            breaches=DEAD_LETTER_STANDING_MINUTES,
            periods=DEAD_LETTER_STANDING_MINUTES,
        ),
    )


def backlog_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarm on the task queue's age; a task that is only being retried does not set it off."""
    return (
        Alarm(
            name="task-queue-too-old",
            meaning="A task waited longer than all its retries take: process_task is paused or slow.",
            first_step="`python -m ops status`; `ops resume` if it is paused, else more maxConcurrency.",
            metrics=(_queue_metric(watched.task_queue, AGE),),
            statistic="Maximum",
            above=watched.retry_span_seconds + BACKLOG_SECONDS,
            breaches=5,
            periods=5,
        ),
    )


def function_alarms(watched: Watched, key: str) -> tuple[Alarm, ...]:
    """Return the alarms that every function has."""
    name = component_name(key)
    limit = watched.timeouts_seconds[key] * 1000
    return (
        Alarm(
            name=f"{name}-errors",
            meaning=f"{key} ended with an error or was cut off; a failing task does not count as one.",
            first_step="open the saved query `errors` and read the newest stack trace.",
            metrics=(_lambda_metric(watched, key, "Errors"),),
        ),
        Alarm(
            name=f"{name}-throttles",
            meaning=f"Lambda refused to start {key}: the account's concurrency is used up.",
            first_step="see which function uses it; lower its concurrency or ask AWS for a higher quota.",
            metrics=(_lambda_metric(watched, key, "Throttles"),),
        ),
        Alarm(
            name=f"{name}-near-timeout",
            meaning=f"{key} took more than {TIMEOUT_SHARE:.0%} of its timeout; beyond it, work is cut off.",
            first_step="find what it waits for in its log; raise its timeout or memory, or lower batchSize.",
            metrics=(_lambda_metric(watched, key, "Duration"),),
            statistic="Maximum",
            above=TIMEOUT_SHARE * limit,
        ),
    )


def api_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarms on what callers of the API see."""
    return (
        Alarm(
            name="api-server-errors",
            meaning="Callers got answers 5xx in three of five minutes; they may have to submit again.",
            first_step="search the access log for status 5xx and integrationError, then the function's log.",
            metrics=(_api_metric(watched, "5xx"),),
            breaches=3,
            periods=5,
        ),
        Alarm(
            name="api-latency",
            meaning=f"One call in a hundred takes over {API_LATENCY_MILLISECONDS} ms, for 15 minutes.",
            first_step="compare latency and integrationLatency in the access log: a slow function has both.",
            metrics=(_api_metric(watched, "Latency"),),
            statistic="p99",
            above=API_LATENCY_MILLISECONDS,
            period_seconds=300,
            breaches=3,
            periods=3,
        ),
    )


def table_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarms on the table."""
    table = {"TableName": watched.table}
    index = {**table, "GlobalSecondaryIndexName": DEAD_LETTER_INDEX}
    return (
        Alarm(
            name="table-throttled",
            meaning="DynamoDB refused reads or writes: traffic more than doubled, or one key is hot.",
            first_step="look at its consumed capacity; if it lasts, lower apiRateLimit or warm the table.",
            metrics=(
                Metric("AWS/DynamoDB", "ReadThrottleEvents", table),
                Metric("AWS/DynamoDB", "WriteThrottleEvents", table),
                Metric("AWS/DynamoDB", "WriteThrottleEvents", index),
            ),
            breaches=3,
            periods=5,
        ),
        Alarm(
            name="table-system-errors",
            meaning="DynamoDB itself failed (HTTP 500) in three of five minutes.",
            first_step="look at AWS's health dashboard; submits answer 503 meanwhile, and tasks are retried.",
            metrics=tuple(
                Metric("AWS/DynamoDB", "SystemErrors", {**table, "Operation": operation})
                for operation in watched.table_operations
            ),
            breaches=3,
            periods=5,
        ),
    )


def _own_metric(watched: Watched, name: str) -> Metric:
    return Metric(METRICS_NAMESPACE, name, {"service": watched.service})


def _lambda_metric(watched: Watched, key: str, name: str) -> Metric:
    return Metric("AWS/Lambda", name, {"FunctionName": watched.functions[key]})


def _queue_metric(queue: pulumi.Input[str], name: str) -> Metric:
    return Metric("AWS/SQS", name, {"QueueName": queue})


def _api_metric(watched: Watched, name: str) -> Metric:
    return Metric("AWS/ApiGateway", name, {"ApiId": watched.api_id, "Stage": STAGE})
