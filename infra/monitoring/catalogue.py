"""The alarms: what each one watches, what it means, and what to do first. Data only."""

from infra.components.scope import component_name
from infra.components.table import DEAD_LETTER_INDEX
from infra.monitoring.alarms import Alarm
from infra.monitoring.metrics import OLDEST_MESSAGE_AGE, QUEUE_DEPTH, Watched, queue_metric

# A function that takes more than this share of its timeout will soon be cut off.
TIMEOUT_SHARE = 0.8
# Time to work off a burst, beyond what the retries of a single task may take.
BACKLOG_SECONDS = 300
# Lambda polls all the time: if dead letters wait this long, nobody reads them.
DEAD_LETTER_AGE_SECONDS = 900
# Messages that the monitor fails on come back after 180 s: after this time it has failed five times in a row.
DEAD_LETTER_STANDING_MINUTES = 15
API_LATENCY_MILLISECONDS = 3000


def catalogue(watched: Watched) -> tuple[Alarm, ...]:
    """Return all alarms of a stack."""
    return (
        *dead_letter_alarms(watched),
        *backlog_alarms(watched),
        *(alarm for key in watched.functions for alarm in function_alarms(watched, key)),
        *api_alarms(watched),
        *table_alarms(watched),
    )


def dead_letter_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarms on dead letters: on those that arrive, and on those that stay in their queue.

    SQS's metric of age ignores messages that were received three times or more. So the age shows a monitor
    that does not run; a monitor that runs and fails shows in a depth that is above 0 all the time:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    return (
        Alarm(
            name="dead-letters-arriving",
            meaning="Tasks were given up after their last try and wait for a person.",
            first_step="`python -m ops dead` lists them and why; mend the cause, then `ops redrive`.",
            metrics=(watched.own_metric("TaskDeadLettered"),),
        ),
        Alarm(
            name="dead-letter-monitor-called",
            meaning="Messages reached the dead-letter queue; this one needs no code of ours to work.",
            first_step="search the monitor's log for TASK_DEAD_LETTER; without such lines, for its errors.",
            metrics=(watched.function_metric("monitor_dlq", "Invocations"),),
        ),
        Alarm(
            name="dead-letters-not-picked-up",
            meaning="Nobody reads the dead-letter queue: the monitor is switched off or throttled.",
            first_step="see whether its event source mapping is enabled; the messages stay meanwhile.",
            metrics=(queue_metric(watched.dead_letter_queue, OLDEST_MESSAGE_AGE),),
            statistic="Maximum",
            threshold=DEAD_LETTER_AGE_SECONDS,
        ),
        Alarm(
            name="dead-letters-coming-back",
            meaning=f"For {DEAD_LETTER_STANDING_MINUTES} minutes the monitor could not record what it read.",
            first_step="search its log for AWS_UNAVAILABLE and MESSAGE_CRASHED; the messages stay meanwhile.",
            metrics=tuple(queue_metric(watched.dead_letter_queue, name) for name in QUEUE_DEPTH),
            statistic="Minimum",
            breaching_periods=DEAD_LETTER_STANDING_MINUTES,
            evaluated_periods=DEAD_LETTER_STANDING_MINUTES,
        ),
    )


def backlog_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarm on the task queue's age; a task that is merely being retried does not set it off."""
    return (
        Alarm(
            name="task-queue-too-old",
            meaning="A task waited longer than all its retries take: process_task is paused or slow.",
            first_step="`python -m ops status`; `ops resume` if it is paused, else more maxConcurrency.",
            metrics=(queue_metric(watched.task_queue, OLDEST_MESSAGE_AGE),),
            statistic="Maximum",
            threshold=watched.retry_span_seconds + BACKLOG_SECONDS,
            breaching_periods=5,
            evaluated_periods=5,
        ),
    )


def function_alarms(watched: Watched, key: str) -> tuple[Alarm, ...]:
    """Return the alarms of one function; every function has the same."""
    name = component_name(key)
    timeout_milliseconds = watched.timeouts_seconds[key] * 1000
    return (
        Alarm(
            name=f"{name}-errors",
            meaning=f"{key} ended with an error or was cut off; a failing task does not count as one.",
            first_step="open the saved query `errors` and read the newest stack trace.",
            metrics=(watched.function_metric(key, "Errors"),),
        ),
        Alarm(
            name=f"{name}-throttles",
            meaning=f"Lambda refused to start {key}: the account's concurrency is used up.",
            first_step="see which function uses it; lower its concurrency or ask AWS for a higher quota.",
            metrics=(watched.function_metric(key, "Throttles"),),
        ),
        Alarm(
            name=f"{name}-near-timeout",
            meaning=f"{key} took more than {TIMEOUT_SHARE:.0%} of its timeout; beyond it, work is cut off.",
            first_step="find what it waits for in its log; raise its timeout or memory, or lower batchSize.",
            metrics=(watched.function_metric(key, "Duration"),),
            statistic="Maximum",
            threshold=TIMEOUT_SHARE * timeout_milliseconds,
        ),
    )


def api_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarms on what callers of the API see."""
    return (
        Alarm(
            name="api-server-errors",
            meaning="Callers got answers 5xx in three of five minutes; they may have to submit again.",
            first_step="search the access log for status 5xx and integrationError, then the function's log.",
            metrics=(watched.api_metric("5xx"),),
            breaching_periods=3,
            evaluated_periods=5,
        ),
        Alarm(
            name="api-latency",
            meaning=f"One call in a hundred takes over {API_LATENCY_MILLISECONDS} ms, for 15 minutes.",
            first_step="compare latency and integrationLatency in the access log: a slow function has both.",
            metrics=(watched.api_metric("Latency"),),
            statistic="p99",
            threshold=API_LATENCY_MILLISECONDS,
            period_seconds=300,
            breaching_periods=3,
            evaluated_periods=3,
        ),
    )


def table_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarms on the table and its index."""
    return (
        Alarm(
            name="table-throttled",
            meaning="DynamoDB refused reads or writes: traffic more than doubled, or one key is hot.",
            first_step="look at its consumed capacity; if it lasts, lower apiRateLimit or warm the table.",
            metrics=(
                watched.table_metric("ReadThrottleEvents"),
                watched.table_metric("WriteThrottleEvents"),
                watched.table_metric("WriteThrottleEvents", GlobalSecondaryIndexName=DEAD_LETTER_INDEX),
            ),
            breaching_periods=3,
            evaluated_periods=5,
        ),
        Alarm(
            name="table-system-errors",
            meaning="DynamoDB itself failed (HTTP 500) in three of five minutes.",
            first_step="look at AWS's health dashboard; submits answer 503 meanwhile, and tasks are retried.",
            metrics=tuple(
                watched.table_metric("SystemErrors", Operation=operation)
                for operation in watched.table_operations
            ),
            breaching_periods=3,
            evaluated_periods=5,
        ),
    )
