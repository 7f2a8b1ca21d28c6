"""The alarms: what each one watches, what it means, and what to do first. Data only.

One incident is one mail. So each alarm tells one fact, and a period in which another alarm has something to
tell (`unless`) does not count as breaching. That must not silence both: an alarm with `unless` needs no more
breaching periods than are left when the cause is too rare for its own alarm, in under three of five minutes.
`tests/infra/test_incidents.py` plays incidents and counts the mails.
"""

from infra.components.scope import component_name
from infra.components.table import DEAD_LETTER_INDEX, DUE_INDEX
from infra.monitoring.alarms import Alarm
from infra.monitoring.formula import Condition
from infra.monitoring.metrics import (
    MESSAGES_IN_FLIGHT,
    MESSAGES_WAITING,
    OLDEST_MESSAGE_AGE,
    Metric,
    Watched,
    queue_metric,
)
from infra.settings.limits import SECONDS_A_DAY
from taskguard.kinds import DEFAULT_LANE

# What happens again within this time is the same incident.
QUIET_MINUTES = 15
# Of a dead letter's life: with the default of 180 days, 45 are left then.
EXPIRY_SHARE = 0.75
# A function that takes more than this share of its timeout will soon be cut off.
TIMEOUT_SHARE = 0.8
# Time to work off a burst, beyond what the retries of a single task may take.
BACKLOG_SECONDS = 300
# SQS hands out nothing more, and says no word, at about 120,000.
IN_FLIGHT_MESSAGES = 80_000
API_LATENCY_MILLISECONDS = 3000
# Calls a minute beyond half of all that may be refused without anybody having to know.
REFUSED_CALLS = 5
# A task of up to 1 KB writes its record when it is submitted, claimed and completed, one unit each.
WRITE_UNITS_A_TASK = 3
SECONDS_AN_HOUR = 3600
# That one alarm may read: https://github.com/aws/aws-cdk/issues/27144
MOST_METRICS = 10
# The waker runs every five minutes, and sends what is due within fifteen: a task that is this late was passed
# over by five runs.
WAKER_PERIOD_SECONDS = 300
OVERDUE_SECONDS = 600


def catalogue(watched: Watched) -> tuple[Alarm, ...]:
    """Return all alarms of a stack."""
    return (
        *dead_letter_alarms(watched),
        *(alarm for lane in watched.lanes for alarm in backlog_alarms(watched, lane)),
        too_many_in_flight(watched),
        *(alarm for key in watched.functions for alarm in function_alarms(watched, key)),
        *common_alarms(watched),
        *api_alarms(watched),
        *table_alarms(watched),
        *waker_alarms(watched),
    )


def dead_letter_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarms on dead letters: those that arrive, that stand, and that stay in their queue.

    SQS's metric of age leaves out messages that were received three times, so none rests on it. A monitor
    that does not run shows in messages that wait while nothing is invoked; one that runs and fails, in what
    Lambda counts as failed. Neither is the case when dead letters merely arrive without pause.
    """
    return (
        Alarm(
            name="dead-letters-arriving",
            meaning="Tasks were given up after their last attempt and wait for a person.",
            first_step="`python -m ops dead` lists them and why; fix the cause, then `ops redrive`.",
            when=Condition((watched.own_metric("TaskDeadLettered"),)),
            evaluated_periods=QUIET_MINUTES,
            event=True,
        ),
        Alarm(
            name="dead-letters-open",
            meaning="For a whole day there has been at least one dead letter that nobody has dealt with.",
            first_step="`python -m ops dead` lists them, oldest first; send them again with `ops redrive`.",
            when=Condition((watched.own_metric("DeadLettersOpen"),), "Minimum"),
            period_seconds=SECONDS_AN_HOUR,
            breaching_periods=24,
            evaluated_periods=24,
            keeps_state=True,
        ),
        Alarm(
            name="dead-letters-expiring",
            meaning=f"The oldest dead letter has used {EXPIRY_SHARE:.0%} of its life; then it is deleted.",
            first_step="`python -m ops dead` lists it first; redrive it, or raise deadLetterTtlDays.",
            when=Condition(
                (watched.own_metric("DeadLetterOldestAge"),),
                "Maximum",
                threshold=EXPIRY_SHARE * watched.dead_letter_ttl_days * SECONDS_A_DAY,
            ),
            period_seconds=300,
            breaching_periods=3,
            evaluated_periods=3,
            keeps_state=True,
        ),
        Alarm(
            name="dead-letters-not-picked-up",
            meaning="Dead letters wait in their queue, and Lambda does not call the monitor.",
            first_step="see whether its event source mapping is enabled; the messages stay meanwhile.",
            when=Condition(
                (queue_metric(watched.dead_letter_queue, MESSAGES_WAITING),),
                "Minimum",
                unless=_calls(watched, "monitor_dlq"),
            ),
            period_seconds=300,
            breaching_periods=3,
            evaluated_periods=3,
        ),
        Alarm(
            name="dead-letters-coming-back",
            meaning="Several times in 15 minutes the monitor could not record a dead letter.",
            first_step="search its log for AWS_UNAVAILABLE and MESSAGE_CRASHED; the messages stay meanwhile.",
            when=Condition(
                (watched.mapping_metric("monitor_dlq", "FailedInvokeEventCount"),),
                unless=_table_trouble(watched, ("GetItem", "UpdateItem")),
            ),
            breaching_periods=4,
            evaluated_periods=15,
        ),
    )


def backlog_alarms(watched: Watched, lane: str) -> tuple[Alarm, ...]:
    """Return the alarm on a lane's task queue; a task that is merely being retried does not set it off.

    The age is right for tasks that were received less than three times. If nothing is invoked, messages that
    wait are enough: after a long pause all of them may have been received more often.
    """
    of = watched.lanes[lane]
    return (
        Alarm(
            name="task-queue-too-old" if lane == DEFAULT_LANE else f"task-queue-{lane}-too-old",
            meaning=f"Tasks wait longer than all their retries take: {of.function} is paused or too slow.",
            first_step="`python -m ops status`; `ops resume` if it is paused, else raise maxConcurrency.",
            when=Condition(
                (queue_metric(of.queue, OLDEST_MESSAGE_AGE),),
                "Maximum",
                threshold=of.longest_life_seconds + BACKLOG_SECONDS,
                unless=_table_trouble(watched, ("UpdateItem",)),
            ),
            or_when=Condition(
                (queue_metric(of.queue, MESSAGES_WAITING),),
                "Minimum",
                unless=_calls(watched, of.function),
            ),
            breaching_periods=5,
            evaluated_periods=15,
        ),
    )


def too_many_in_flight(watched: Watched) -> Alarm:
    """Return the alarm on what SQS hands out at most, which is for each queue; their sum is looked at."""
    return Alarm(
        name="too-many-in-flight",
        meaning=f"Over {IN_FLIGHT_MESSAGES:,} messages are in flight; at 120,000 SQS hands out no more.",
        first_step="`ops pause`, and see what the attempts wait for; lower maxConcurrency.",
        when=Condition(
            tuple(queue_metric(queue, MESSAGES_IN_FLIGHT) for queue in watched.task_queues),
            "Maximum",
            threshold=IN_FLIGHT_MESSAGES,
        ),
        breaching_periods=3,
        evaluated_periods=5,
    )


def function_alarms(watched: Watched, key: str) -> tuple[Alarm, ...]:
    """Return the alarms of one function; every function has the same."""
    name = component_name(key)
    errors = watched.function_metric(key, "Errors")
    timeout_milliseconds = watched.timeouts_seconds[key] * 1000
    return (
        Alarm(
            name=f"{name}-errors",
            meaning=f"{key} ended with an error or was cut off; a task that fails does not count as one.",
            first_step="open the saved query `errors` and read the newest stack trace.",
            when=Condition((errors,)),
            evaluated_periods=QUIET_MINUTES,
            event=True,
        ),
        Alarm(
            name=f"{name}-near-timeout",
            meaning=f"{key} took more than {TIMEOUT_SHARE:.0%} of its timeout; beyond it, work is cut off.",
            first_step="find what it waits for in its log; raise its timeout or memory, or lower batchSize.",
            when=Condition(
                (watched.function_metric(key, "Duration"),),
                "Maximum",
                threshold=TIMEOUT_SHARE * timeout_milliseconds,
                unless=(errors,),
            ),
            evaluated_periods=QUIET_MINUTES,
            event=True,
        ),
    )


def common_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarms on what happens to functions from outside, to several of them at once."""
    throttles = tuple(watched.function_metric(key, "Throttles") for key in watched.functions)
    first, rest = throttles[:MOST_METRICS], throttles[MOST_METRICS:]
    step = "see which function uses it; lower its concurrency or ask AWS for a higher quota."
    more = Alarm(
        name="more-functions-throttled",
        meaning="Lambda refused to start functions of further lanes: the account's concurrency is used up.",
        first_step=step,
        when=Condition(rest),
        evaluated_periods=QUIET_MINUTES,
    )
    return (
        Alarm(
            name="functions-throttled",
            meaning="Lambda refused to start functions: the account's concurrency is used up.",
            first_step=step,
            when=Condition(first),
            evaluated_periods=QUIET_MINUTES,
        ),
        *([more] if rest else []),
        Alarm(
            name="aws-refused",
            meaning="AWS refused a call for good: missing rights, a resource that is gone, bad input.",
            first_step="search the logs for AWS_REFUSED: the line has AWS's code and names the call.",
            when=Condition((watched.own_metric("AwsRefused"),)),
            evaluated_periods=QUIET_MINUTES,
            event=True,
        ),
        Alarm(
            name="kind-unavailable",
            meaning="Tasks wait, as their kind is unknown to the worker or its module cannot be imported.",
            first_step="search for KIND_UNAVAILABLE: the line has the reason; deploy what mends it.",
            when=Condition((watched.own_metric("KindUnavailable"),)),
            evaluated_periods=QUIET_MINUTES,
        ),
    )


def api_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarms on what callers of the API see."""
    failed = tuple(
        watched.function_metric(key, name)
        for key in watched.api_functions
        for name in ("Errors", "Throttles")
    )
    return (
        Alarm(
            name="api-server-errors",
            meaning="Callers got answers 5xx in three of five minutes, and no other alarm says why.",
            first_step="search the access log for status 5xx and integrationError, then the function's log.",
            when=Condition(
                (watched.api_metric("5xx"),),
                unless=(*failed, *_table_trouble(watched, ("GetItem", "PutItem"))),
            ),
            breaching_periods=3,
            evaluated_periods=5,
        ),
        Alarm(
            name="api-client-errors",
            meaning="In most of 15 minutes over half of the calls were answered 4xx.",
            first_step="open the saved query `refused-calls`: see whether it is one caller or all of them.",
            when=Condition(
                (watched.api_metric("4xx"),),
                threshold=REFUSED_CALLS,
                unless=(watched.api_throttled,),
                share=0.5,
                share_of=watched.api_metric("Count"),
            ),
            breaching_periods=9,
            evaluated_periods=15,
        ),
        Alarm(
            name="api-throttled",
            meaning="Callers got answers 429 in three of five minutes: they send more than apiRateLimit.",
            first_step="open the saved query `refused-calls`; raise apiRateLimit if the calls are wanted.",
            when=Condition((watched.api_throttled,)),
            breaching_periods=3,
            evaluated_periods=5,
        ),
        Alarm(
            name="api-latency",
            meaning=f"In most of 15 minutes one call in a hundred took over {API_LATENCY_MILLISECONDS} ms.",
            first_step="compare latency and integrationLatency in the access log: a slow function has both.",
            when=Condition(
                (watched.api_metric("Latency"),),
                "p99",
                threshold=API_LATENCY_MILLISECONDS,
                unless=(watched.api_metric("5xx"),),
            ),
            breaching_periods=9,
            evaluated_periods=15,
        ),
    )


def table_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarms on the table and its index."""
    return (
        Alarm(
            name="table-throttled",
            meaning="DynamoDB refused reads or writes: traffic more than doubled, or one key is hot.",
            first_step="look at its consumed capacity; if it lasts, lower apiRateLimit or warm the table.",
            when=Condition(
                (
                    *_table_throttles(watched),
                    *(
                        watched.table_metric("WriteThrottleEvents", GlobalSecondaryIndexName=index)
                        for index in (DEAD_LETTER_INDEX, DUE_INDEX)
                    ),
                )
            ),
            breaching_periods=3,
            evaluated_periods=5,
        ),
        Alarm(
            name="table-system-errors",
            meaning="DynamoDB itself failed (HTTP 500) in three of five minutes.",
            first_step="look at AWS's health dashboard; submits answer 503 meanwhile, and tasks are retried.",
            when=Condition(
                tuple(
                    watched.table_metric("SystemErrors", Operation=operation)
                    for operation in watched.table_operations
                )
            ),
            breaching_periods=3,
            evaluated_periods=5,
        ),
        Alarm(
            name="table-written-much",
            meaning="For six hours of a day more was written than small tasks at apiRateLimit would need.",
            first_step="see in the access log who submits; if unwanted, set apiAuth or lower apiRateLimit.",
            when=Condition(
                (watched.table_metric("ConsumedWriteCapacityUnits"),),
                threshold=watched.api_rate_limit * SECONDS_AN_HOUR * WRITE_UNITS_A_TASK,
            ),
            period_seconds=SECONDS_AN_HOUR,
            breaching_periods=6,
            evaluated_periods=24,
        ),
    )


def waker_alarms(watched: Watched) -> tuple[Alarm, ...]:
    """Return the alarms on the waking of tasks that wait in the table.

    A waker that does not run writes nothing, neither errors nor metrics: so one alarm takes silence itself as
    bad. A new stack is silent, too, until the scheduler's first call, five minutes after it was created.
    """
    return (
        Alarm(
            name="waker-not-running",
            meaning="For 15 minutes wake_tasks finished no run: tasks that wait in the table stay there.",
            first_step="see whether the schedule wake-due is enabled, then the errors in wake_tasks' log.",
            when=Condition((watched.own_metric("WakerRuns"),), threshold=1),
            period_seconds=WAKER_PERIOD_SECONDS,
            breaching_periods=3,
            evaluated_periods=3,
            on_silence=True,
        ),
        Alarm(
            name="tasks-overdue",
            meaning=f"A task got no message for {OVERDUE_SECONDS // 60} minutes after it was due.",
            first_step="if waker-not-running is silent, more is due than its runs manage: see their log.",
            when=Condition((watched.own_metric("TaskOverdue"),), "Maximum", threshold=OVERDUE_SECONDS),
            period_seconds=WAKER_PERIOD_SECONDS,
            keeps_state=True,
        ),
    )


def _calls(watched: Watched, key: str) -> tuple[Metric, ...]:
    """Return what shows that Lambda calls a function, or tries to: throttling has an alarm of its own."""
    return tuple(watched.function_metric(key, name) for name in ("Invocations", "Throttles"))


def _table_throttles(watched: Watched) -> tuple[Metric, ...]:
    return tuple(watched.table_metric(name) for name in ("ReadThrottleEvents", "WriteThrottleEvents"))


def _table_trouble(watched: Watched, operations: tuple[str, ...]) -> tuple[Metric, ...]:
    """Return what the alarms on the table, and on what AWS refuses, tell about these operations."""
    failed = (watched.table_metric("SystemErrors", Operation=operation) for operation in operations)
    return (*failed, *_table_throttles(watched), watched.own_metric("AwsRefused"))
