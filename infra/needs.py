"""The table of what each function needs. Roles, environment, triggers and alarms follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from infra.components.schedule import Schedule
from infra.packaging.archive import Work
from infra.settings.lanes import LaneFigures
from infra.settings.stack import Settings
from taskguard.kinds import DEFAULT_LANE

Queue = Literal["task_queue", "dead_letter_queue"]
Index = Literal["dead_letter_index", "due_index"]
Store = Literal["table", "task_queues", "other_task_queues"] | Index | Queue
"""`task_queue` is that of the function's own lane, `other_task_queues` are those of the other lanes."""


@dataclass(frozen=True)
class Grant:
    """Exact actions on one store, which an index of the table is, too; never a wildcard."""

    store: Store
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Consumes:
    """The queue that invokes a function, and how its messages are batched.

    Attributes
    ----------
    queue
        The queue to read from.
    batch_size
        Most messages in one invocation.
    batching_window_seconds
        How long Lambda gathers a batch; 0 invokes at once.
    """

    queue: Queue
    batch_size: int
    batching_window_seconds: int


@dataclass(frozen=True)
class FunctionNeeds:
    """What one function needs.

    Attributes
    ----------
    description
        What it does, in one line; Lambda's console shows it.
    handler
        Lambda's handler string; its first part is the function's folder in `functions/`.
    environment
        Its environment variables besides `COMMON_ENVIRONMENT`; `infra.wiring` has the values.
    grants
        What it may do, besides writing its own log.
    timeout_seconds, memory_mb
        How long one invocation may take, and the memory that it has.
    reserved_concurrency
        Invocations at a time that are kept for it, and its most; 0 keeps none.
    routes
        Routes of the API that invoke it.
    consumes
        The queue that invokes it, with partial batch responses.
    schedules
        The times at which EventBridge Scheduler invokes it.
    max_concurrency
        Most invocations at a time that its queue causes.
    lane
        The lane whose work it does; None if it does none.
    knows_kinds
        Whether it reads the declarations of kinds, which are then in its archive.
    """

    description: str
    handler: str
    environment: tuple[str, ...]
    grants: tuple[Grant, ...]
    timeout_seconds: int
    memory_mb: int
    reserved_concurrency: int = 0
    routes: tuple[str, ...] = ()
    consumes: Consumes | None = None
    schedules: tuple[Schedule, ...] = ()
    max_concurrency: int = 0
    lane: str | None = None
    knows_kinds: bool = False

    @property
    def work(self) -> Work:
        """What of the user's work belongs in its archive."""
        if self.lane:
            return "all"
        return "kinds" if self.knows_kinds else "nothing"


COMMON_ENVIRONMENT = (
    "POWERTOOLS_LOG_LEVEL",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_SERVICE_NAME",
    "TASKS_TABLE_NAME",
)

# What Lambda itself calls, under the role of a function that consumes a queue:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
CONSUME = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")

# Most tasks in one request, of routes that take more than one: their requests are limited accordingly.
TASKS_BY_ROUTE: Mapping[str, int] = {"POST /tasks/batch": 25}

# Each call to AWS ends within 12 s if AWS cannot be reached or does not answer, and within 18 s if it is slow
# in both, retries included (functions/taskguard/storage/aws.py). A function that is cut off before its calls
# have ended answers 500, where a 503 that says what to do is promised.
SUBMIT_SECONDS = 29
READ_SECONDS = 20
# A run is bounded by what it does, well below this; the next run goes on where it ended.
WAKE_SECONDS = 120

WAKING = (
    Schedule(
        name="wake-due",
        description="Wakes the tasks that are due, and counts dead letters",
        expression="rate(5 minutes)",
        event={"run": "due"},
    ),
    Schedule(
        name="wake-scan",
        description="Looks for open tasks whose message SQS has deleted",
        expression="rate(1 day)",
        event={"run": "scan"},
    ),
)


def function_key(lane: str) -> str:
    """Return the key of the function that does the tasks of a lane."""
    return "process_task" if lane == DEFAULT_LANE else f"process_task_{lane}"


def needs(settings: Settings, lanes: Mapping[str, LaneFigures]) -> Mapping[str, FunctionNeeds]:
    """Return what each function needs, by the name of its folder in `functions/`; lanes have one each."""
    return {
        "submit_task": FunctionNeeds(
            description="Accepts tasks over HTTP: records them, then queues them",
            handler="submit_task.handler.handle",
            environment=("TASK_QUEUE_URLS", "TASK_RETENTION_DAYS"),
            grants=(
                Grant("table", ("dynamodb:PutItem", "dynamodb:UpdateItem")),
                Grant("task_queues", ("sqs:SendMessage",)),
            ),
            knows_kinds=True,
            timeout_seconds=SUBMIT_SECONDS,
            memory_mb=settings.submit_memory_mb,
            reserved_concurrency=settings.api_reserved_concurrency,
            routes=("POST /tasks", "POST /task", "POST /tasks/batch"),
        ),
        "get_task": FunctionNeeds(
            description="Answers over HTTP what became of a task",
            handler="get_task.handler.handle",
            environment=(),
            grants=(Grant("table", ("dynamodb:GetItem",)),),
            timeout_seconds=READ_SECONDS,
            memory_mb=settings.function_memory_mb,
            reserved_concurrency=settings.api_reserved_concurrency,
            routes=("GET /tasks/{taskId}", "GET /task/{taskId}"),
        ),
        **{function_key(lane.name): _process_task(lane) for lane in lanes.values()},
        "monitor_dlq": FunctionNeeds(
            description="Records and reports each dead letter before it lets the message go",
            handler="monitor_dlq.handler.handle",
            environment=("DEAD_LETTER_QUEUE_URL", "DEAD_LETTER_TTL_DAYS", "LOG_DEAD_LETTER_PAYLOAD"),
            grants=(
                Grant("table", ("dynamodb:GetItem", "dynamodb:UpdateItem")),
                Grant("dead_letter_queue", ("sqs:ChangeMessageVisibility", *CONSUME)),
            ),
            timeout_seconds=30,
            memory_mb=settings.function_memory_mb,
            consumes=Consumes("dead_letter_queue", batch_size=10, batching_window_seconds=0),
            max_concurrency=settings.max_concurrency,
        ),
        "wake_tasks": FunctionNeeds(
            description="Sends a message to every task that is due, or that has lost its message",
            handler="wake_tasks.handler.handle",
            environment=("TASK_QUEUE_URLS", "DEAD_LETTER_QUEUE_URL", "TASK_RETENTION_DAYS"),
            grants=(
                Grant(
                    "table",
                    ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem"),
                ),
                Grant("dead_letter_index", ("dynamodb:Query",)),
                Grant("due_index", ("dynamodb:Query",)),
                Grant("task_queues", ("sqs:SendMessage",)),
                Grant("dead_letter_queue", ("sqs:SendMessage",)),
            ),
            knows_kinds=True,
            timeout_seconds=WAKE_SECONDS,
            memory_mb=settings.function_memory_mb,
            schedules=WAKING,
        ),
    }


def _process_task(lane: LaneFigures) -> FunctionNeeds:
    of_lane = "" if lane.is_default else f" of the lane {lane.name}"
    return FunctionNeeds(
        description=f"Does the tasks of the queue{of_lane}, and lets failed ones wait for their next try",
        handler="process_task.handler.handle",
        environment=(
            "TASK_QUEUE_URLS",
            "LANE",
            "DEAD_LETTER_QUEUE_URL",
            "MAX_ATTEMPTS",
            "BACKOFF_BASE_SECONDS",
            "MAX_BACKOFF_SECONDS",
            "BACKOFF_JITTER",
            "TASK_DEADLINE_DAYS",
            "TASK_RETENTION_DAYS",
            "RECORD_TTL_DAYS",
            "FAILURE_RATE",
            "PERMANENT_FAILURE_SUFFIX",
            "SIMULATION_SEED",
        ),
        grants=(
            # Work may submit tasks, which writes new records.
            Grant("table", ("dynamodb:PutItem", "dynamodb:UpdateItem")),
            Grant("task_queue", ("sqs:ChangeMessageVisibility", "sqs:SendMessage", *CONSUME)),
            Grant("other_task_queues", ("sqs:SendMessage",)),
            Grant("dead_letter_queue", ("sqs:SendMessage",)),
        ),
        timeout_seconds=lane.timeout_seconds,
        memory_mb=lane.memory_mb,
        consumes=Consumes("task_queue", lane.batch_size, lane.batching_window_seconds),
        max_concurrency=lane.max_concurrency,
        lane=lane.name,
        knows_kinds=True,
    )
