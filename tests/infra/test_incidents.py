"""Which incident sends which mails: one for the trouble, one when it is over, none for its consequences."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import product

import pytest

from tests.infra.cloudwatch import READINGS, Metrics, Reading, mails
from tests.infra.expected import FUNCTIONS
from tests.support.fake_outputs import fake_uuid
from tests.support.program import ProgramRun

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
WHOLE, HOUR, DAY = 120, 60, 1440
TROUBLE = range(30, 50)
OPERATIONS = ("GetItem", "PutItem", "UpdateItem")


@dataclass
class Stack:
    """The development stack's metrics: over hours those of ordinary traffic, over days the waker's alone."""

    minutes: int = WHOLE
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.open(range(self.minutes), count=0, seconds=0)
        if self.minutes <= WHOLE:
            self.traffic(range(self.minutes))

    def traffic(self, always: range) -> None:
        for function in FUNCTIONS:
            if function != "monitor-dlq":
                self.function(function, "Invocations", always, 20)
                self.function(function, "Duration", always, 40)
            for name in ("Errors", "Throttles"):
                self.function(function, name, always, 0)
        for name, value in {"Count": 40, "4xx": 2, "5xx": 0, "Latency": 60}.items():
            self.api(name, always, value)
        self.throttled(always, 0)
        for queue in ("tasks", "dead-letters"):
            self.queue(queue, "ApproximateAgeOfOldestMessage", always, 0)
            for name in ("Visible", "NotVisible"):
                self.queue(queue, f"ApproximateNumberOfMessages{name}", always, 0)
        self.queue("tasks", "ApproximateNumberOfMessagesVisible", always, 3)
        self.own("TaskDuplicate", always, 1)

    def own(self, name: str, minutes: Iterable[int], value: float) -> None:
        self.metrics.put("TaskGuard", name, {"service": "taskguard-dev"}, minutes, value)

    def function(self, function: str, name: str, minutes: Iterable[int], value: float) -> None:
        dimensions = {"FunctionName": f"taskguard-dev-{function}"}
        self.metrics.put("AWS/Lambda", name, dimensions, minutes, value)

    def failing_letters(self, minutes: Iterable[int], value: float) -> None:
        dimensions = {"EventSourceMappingUUID": fake_uuid("monitor-dlq")}
        self.metrics.put("AWS/Lambda", "FailedInvokeEventCount", dimensions, minutes, value)

    def api(self, name: str, minutes: Iterable[int], value: float) -> None:
        dimensions = {"ApiId": "taskguard-dev", "Stage": "$default"}
        self.metrics.put("AWS/ApiGateway", name, dimensions, minutes, value)

    def throttled(self, minutes: Iterable[int], value: float) -> None:
        self.metrics.put("TaskGuard/taskguard-dev", "ApiThrottled", {}, minutes, value)

    def queue(self, queue: str, name: str, minutes: Iterable[int], value: float) -> None:
        self.metrics.put("AWS/SQS", name, {"QueueName": f"taskguard-dev-{queue}"}, minutes, value)

    def table(self, name: str, minutes: Iterable[int], value: float, **dimensions: str) -> None:
        self.metrics.put(
            "AWS/DynamoDB", name, {"TableName": "taskguard-dev-tasks", **dimensions}, minutes, value
        )

    def open(self, minutes: Iterable[int], count: float, seconds: float) -> None:
        """Let the waker run and count dead letters, every five minutes."""
        runs = [minute for minute in minutes if minute % 5 == 0]
        self.own("WakerRuns", runs, 1)
        self.own("TaskOverdue", runs, 0)
        self.own("DeadLettersOpen", runs, count)
        self.own("DeadLetterOldestAge", runs, seconds)

    def silent(self, namespace: str, name: str) -> None:
        """Let a metric publish nothing."""
        self.metrics.published = {
            key: values for key, values in self.metrics.published.items() if key[:2] != (namespace, name)
        }


def ordinary(stack: Stack) -> None:
    """Tasks are submitted, done, retried; now and then one call is refused, and one is slow."""
    stack.api("5xx", range(0, WHOLE, 20), 1)
    stack.api("Latency", range(0, WHOLE, 5), 4000)


def idle(stack: Stack) -> None:
    """Nothing happens, and the waker alone publishes anything."""
    stack.metrics.published.clear()
    stack.open(range(WHOLE), count=0, seconds=0)


def a_dead_letter(stack: Stack) -> None:
    """One task is given up; it passes through the dead-letter queue within a minute."""
    stack.own("TaskDeadLettered", [30], 1)
    stack.function("monitor-dlq", "Invocations", [30], 1)
    stack.queue("dead-letters", "ApproximateNumberOfMessagesVisible", [30], 1)
    stack.open(range(35, WHOLE), count=1, seconds=300)


def steady_dead_letters(stack: Stack) -> None:
    """Every minute brings some; the queue is never seen empty, though each is recorded at once."""
    stack.own("TaskDeadLettered", TROUBLE, 5)
    stack.function("monitor-dlq", "Invocations", TROUBLE, 5)
    stack.failing_letters(TROUBLE, 0)
    for name in ("Visible", "NotVisible"):
        stack.queue("dead-letters", f"ApproximateNumberOfMessages{name}", TROUBLE, 2)
    stack.open(range(35, WHOLE), count=100, seconds=300)


def a_dead_letter_for_days(stack: Stack) -> None:
    """One stays open for two days and is then redriven."""
    stack.own("TaskDeadLettered", [30], 1)
    stack.open(range(30, 2 * DAY), count=1, seconds=DAY * 60)


def a_dead_letter_for_months(stack: Stack) -> None:
    """The record of one will be deleted in 45 days."""
    stack.open(range(30, WHOLE), count=1, seconds=135 * DAY * 60 + 1)


def the_waker_stops(stack: Stack) -> None:
    """One dead letter is open for days, and after two of them nobody counts any more."""
    stack.open(range(3 * DAY), count=1, seconds=DAY * 60)
    for values in (stack.metrics.published[key] for key in [*stack.metrics.published]):
        for minute in range(2 * DAY, 4 * DAY):
            values.pop(minute, None)


def too_much_is_due(stack: Stack) -> None:
    """More tasks are due than the waker manages; for a while the oldest is late."""
    stack.own("TaskOverdue", range(30, 50, 5), 900)


def paused(stack: Stack) -> None:
    """The event source mapping of process_task is switched off; tasks wait."""
    for name in ("Invocations", "Duration", "Errors", "Throttles"):
        key = ("AWS/Lambda", name, frozenset({("FunctionName", "taskguard-dev-process-task")}))
        for minute in TROUBLE:
            stack.metrics.published[key].pop(minute)
    stack.queue("tasks", "ApproximateNumberOfMessagesVisible", TROUBLE, 500)
    for minute in TROUBLE:
        stack.queue("tasks", "ApproximateAgeOfOldestMessage", [minute], 60 * (minute - TROUBLE.start))


def paused_with_tasks_received_often(stack: Stack) -> None:
    """The same, with tasks that were received three times: SQS's age leaves them out."""
    paused(stack)
    stack.queue("tasks", "ApproximateAgeOfOldestMessage", TROUBLE, 0)


def too_slow(stack: Stack) -> None:
    """process_task runs all the time and does not keep up."""
    stack.queue("tasks", "ApproximateAgeOfOldestMessage", TROUBLE, 900)


def monitor_off(stack: Stack) -> None:
    """The event source mapping of monitor_dlq is switched off; its letters were received before."""
    stack.queue("dead-letters", "ApproximateNumberOfMessagesVisible", range(30, 60), 1)


def a_letter_that_cannot_be_recorded(stack: Stack) -> None:
    """The monitor fails on one message, which comes back every three minutes."""
    stack.function("monitor-dlq", "Invocations", range(30, 60, 3), 1)
    stack.failing_letters(range(30, 60, 3), 1)
    stack.queue("dead-letters", "ApproximateNumberOfMessagesNotVisible", range(30, 60), 1)


def _callers_suffer(stack: Stack) -> None:
    stack.api("5xx", TROUBLE, 20)
    stack.api("Latency", TROUBLE, 12_000)


def table_fails(stack: Stack) -> None:
    """DynamoDB answers 500 to everything."""
    for operation in OPERATIONS:
        stack.table("SystemErrors", TROUBLE, 30, Operation=operation)
    _callers_suffer(stack)
    stack.failing_letters(TROUBLE, 3)
    stack.queue("tasks", "ApproximateAgeOfOldestMessage", TROUBLE, 900)


def table_throttles(stack: Stack) -> None:
    """DynamoDB takes only some of the writes."""
    stack.table("WriteThrottleEvents", TROUBLE, 30)
    _callers_suffer(stack)
    stack.failing_letters(TROUBLE, 3)
    stack.queue("tasks", "ApproximateAgeOfOldestMessage", TROUBLE, 900)


def table_unreachable(stack: Stack) -> None:
    """Calls to the table end without an answer, which DynamoDB cannot count."""
    _callers_suffer(stack)


def table_gone(stack: Stack) -> None:
    """Somebody deleted the table, or took the right to it away."""
    stack.own("AwsRefused", TROUBLE, 40)
    _callers_suffer(stack)
    stack.failing_letters(TROUBLE, 3)
    stack.queue("tasks", "ApproximateAgeOfOldestMessage", TROUBLE, 900)


def concurrency_used_up(stack: Stack) -> None:
    """Another program of the account uses all of Lambda's concurrency."""
    for function in FUNCTIONS:
        stack.function(function, "Invocations", TROUBLE, 0)
        stack.function(function, "Throttles", TROUBLE, 50)
    stack.queue("dead-letters", "ApproximateNumberOfMessagesVisible", TROUBLE, 5)
    _callers_suffer(stack)


def a_release_that_crashes(stack: Stack) -> None:
    """submit_task ends with an exception at every call."""
    stack.function("submit-task", "Errors", TROUBLE, 20)
    _callers_suffer(stack)


def a_hanging_task(stack: Stack) -> None:
    """Attempts of one task never end; process_task reports them and ends itself, three times."""
    stack.function("process-task", "Errors", [30, 32, 34], 1)
    stack.function("process-task", "Duration", [30, 32, 34], 27_000)


def slow_work(stack: Stack) -> None:
    """Attempts take nearly as long as they may, and end."""
    stack.function("process-task", "Duration", TROUBLE, 27_000)


def a_flood_of_calls(stack: Stack) -> None:
    """One caller sends more than the API takes."""
    stack.api("Count", TROUBLE, 1000)
    stack.api("4xx", TROUBLE, 900)
    stack.throttled(TROUBLE, 900)


def a_broken_client(stack: Stack) -> None:
    """Most calls are answered 400 since a client was changed."""
    stack.api("4xx", TROUBLE, 35)


def many_in_flight(stack: Stack) -> None:
    """Very many attempts are under way."""
    stack.queue("tasks", "ApproximateNumberOfMessagesNotVisible", TROUBLE, 80_001)


def unknown_kind(stack: Stack) -> None:
    """A producer sends tasks of a kind before the worker that knows it is deployed."""
    stack.own("KindUnavailable", range(30, 50, 5), 3)
    stack.own("TaskPostponed", range(30, 50, 5), 3)


def large_payloads(stack: Stack) -> None:
    """For eight hours large tasks are submitted as often as the API allows."""
    stack.table("ConsumedWriteCapacityUnits", range(60, 9 * HOUR), 100 * 60 * 256)


@dataclass(frozen=True)
class Case:
    """An incident, the mails that it sends, and for how long it is watched."""

    happens: Callable[[Stack], None]
    mails: tuple[str, ...]
    minutes: int = WHOLE


def stands(alarm: str) -> tuple[str, str]:
    return (f"{alarm} ALARM", f"{alarm} OK")


INCIDENTS = [
    Case(idle, ()),
    Case(ordinary, ()),
    Case(a_dead_letter, ("dead-letters-arriving ALARM",)),
    Case(steady_dead_letters, ("dead-letters-arriving ALARM",)),
    Case(a_dead_letter_for_days, ("dead-letters-arriving ALARM", *stands("dead-letters-open")), 3 * DAY),
    Case(a_dead_letter_for_months, ("dead-letters-expiring ALARM",)),
    Case(the_waker_stops, ("dead-letters-open ALARM", "waker-not-running ALARM"), 4 * DAY),
    Case(too_much_is_due, stands("tasks-overdue")),
    Case(paused, stands("task-queue-too-old")),
    Case(paused_with_tasks_received_often, stands("task-queue-too-old")),
    Case(too_slow, stands("task-queue-too-old")),
    Case(monitor_off, stands("dead-letters-not-picked-up")),
    Case(a_letter_that_cannot_be_recorded, stands("dead-letters-coming-back")),
    Case(table_fails, stands("table-system-errors")),
    Case(table_throttles, stands("table-throttled")),
    Case(table_unreachable, stands("api-server-errors")),
    Case(table_gone, ("aws-refused ALARM",)),
    Case(concurrency_used_up, stands("functions-throttled")),
    Case(a_release_that_crashes, ("submit-task-errors ALARM",)),
    Case(a_hanging_task, ("process-task-errors ALARM",)),
    Case(slow_work, ("process-task-near-timeout ALARM",)),
    Case(a_flood_of_calls, stands("api-throttled")),
    Case(a_broken_client, stands("api-client-errors")),
    Case(many_in_flight, stands("too-many-in-flight")),
    Case(unknown_kind, stands("kind-unavailable")),
    Case(large_payloads, stands("table-written-much"), 2 * DAY),
]


@pytest.mark.parametrize("reading", READINGS, ids=str)
@pytest.mark.parametrize("case", INCIDENTS, ids=lambda case: case.happens.__name__)
def test_an_incident_sends_these_mails(dev: ProgramRun, case: Case, reading: Reading) -> None:
    stack = Stack(case.minutes)
    case.happens(stack)
    alarms = [each.inputs for each in dev.all(ALARM)]
    assert tuple(mails(alarms, stack.metrics, case.minutes, reading)) == case.mails


def test_every_alarm_has_an_incident(dev: ProgramRun) -> None:
    told = {mail.split(" ")[0] for case in INCIDENTS for mail in case.mails}
    alike = {f"{function}-{kind}" for function in FUNCTIONS for kind in ("errors", "near-timeout")}
    assert {each.name for each in dev.all(ALARM)} - alike <= told | {"api-latency"}


def test_slow_answers_alone_send_a_mail(dev: ProgramRun) -> None:
    stack = Stack()
    stack.api("Latency", TROUBLE, 12_000)
    alarms = [each.inputs for each in dev.all(ALARM)]
    assert tuple(mails(alarms, stack.metrics, WHOLE, READINGS[0])) == stands("api-latency")


def _rare_cause_and_its_consequence() -> Iterable[tuple[str, Callable[[Stack, list[int]], None], str]]:
    def errors(stack: Stack, minutes: list[int]) -> None:
        stack.table("SystemErrors", minutes, 1, Operation="UpdateItem")
        stack.table("SystemErrors", minutes, 1, Operation="PutItem")

    def refused_calls(stack: Stack, minutes: list[int]) -> None:
        stack.throttled(minutes, 1)

    def server_errors(stack: Stack, minutes: list[int]) -> None:
        stack.api("5xx", minutes, 1)

    yield "5xx", errors, "api"
    yield "age", errors, "queue"
    yield "4xx", refused_calls, "client"
    yield "latency", server_errors, "latency"


# Every way in which minutes out of five can be chosen again and again; one that begins later is the same.
PATTERNS = sorted(
    {max(pattern[n:] + pattern[:n] for n in range(5)) for pattern in product((False, True), repeat=5)}
)


@pytest.mark.parametrize("pattern", PATTERNS, ids=str)
@pytest.mark.parametrize(("name", "cause", "kind"), list(_rare_cause_and_its_consequence()))
def test_a_consequence_is_never_silenced_by_a_cause_that_is_too_rare_for_its_own_alarm(
    dev: ProgramRun,
    pattern: tuple[bool, ...],
    name: str,
    cause: Callable[[Stack, list[int]], None],
    kind: str,
) -> None:
    stack, lasting = Stack(), range(30, 90)
    cause(stack, [minute for minute in lasting if pattern[minute % 5]])
    consequences: dict[str, Callable[[], None]] = {
        "api": lambda: stack.api("5xx", lasting, 20),
        "queue": lambda: stack.queue("tasks", "ApproximateAgeOfOldestMessage", lasting, 900),
        "client": lambda: stack.api("4xx", lasting, 35),
        "latency": lambda: stack.api("Latency", lasting, 12_000),
    }
    consequences[kind]()
    alarms = [each.inputs for each in dev.all(ALARM)]
    for reading in READINGS:
        assert mails(alarms, stack.metrics, WHOLE, reading), name
