"""What each function needs. Data only: roles, environment, triggers and alarms follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Store = Literal["table", "task_queue", "dead_letter_queue"]


@dataclass(frozen=True)
class Setting:
    """The value of a field of `infra.settings.stack.Settings`."""

    field: str


@dataclass(frozen=True)
class Grant:
    """Exact actions on one store; never a wildcard."""

    store: Store
    actions: tuple[str, ...]


@dataclass(frozen=True)
class Consumes:
    """The queue that calls a function, and how its messages are gathered."""

    queue: Store
    batch_size: int | Setting
    batching_window_seconds: int | Setting


@dataclass(frozen=True)
class FunctionNeeds:
    """What one function needs.

    Attributes
    ----------
    description
        What it does, in one line.
    handler
        Lambda's handler string; its first part is the function's folder below `functions/`.
    environment
        Keys of its environment, besides `COMMON_ENVIRONMENT`; values come from `infra.wiring`.
    grants
        What it may do, besides writing its own log.
    timeout_seconds, memory_mb
        Lambda's limits for it.
    routes
        Routes of the API that call it.
    consumes
        The queue that calls it, with partial batch responses.
    """

    description: str
    handler: str
    environment: tuple[str, ...]
    grants: tuple[Grant, ...]
    timeout_seconds: int | Setting
    memory_mb: int | Setting = Setting("function_memory_mb")
    routes: tuple[str, ...] = ()
    consumes: Consumes | None = None


METRICS_NAMESPACE = "TaskGuard"

# A call to AWS ends within about 11 s, tries and waits included (functions/taskguard/storage/aws.py). A
# function cut off before its calls have ended would answer 500, where a 503 that says what to do is promised.
SUBMIT_SECONDS = 29
READ_SECONDS = 15

COMMON_ENVIRONMENT = (
    "POWERTOOLS_LOG_LEVEL",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_SERVICE_NAME",
    "TASKS_TABLE_NAME",
)

# What Lambda itself does in the name of a function that consumes a queue:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
CONSUME = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")

NEEDS: Mapping[str, FunctionNeeds] = {
    "submit_task": FunctionNeeds(
        description="Accepts tasks over HTTP: records them, then queues them",
        handler="submit_task.handler.handle",
        environment=("TASK_QUEUE_URL",),
        grants=(
            Grant("table", ("dynamodb:PutItem",)),
            Grant("task_queue", ("sqs:SendMessage",)),
        ),
        timeout_seconds=SUBMIT_SECONDS,
        routes=("POST /tasks", "POST /task", "POST /tasks/batch"),
    ),
    "get_task": FunctionNeeds(
        description="Answers over HTTP what became of a task",
        handler="get_task.handler.handle",
        environment=(),
        grants=(Grant("table", ("dynamodb:GetItem",)),),
        timeout_seconds=READ_SECONDS,
        routes=("GET /tasks/{taskId}", "GET /task/{taskId}"),
    ),
    "process_task": FunctionNeeds(
        description="Does the tasks of the queue, and lets failed ones wait for their next try",
        handler="process_task.handler.handle",
        environment=(
            "TASK_QUEUE_URL",
            "DEAD_LETTER_QUEUE_URL",
            "MAX_ATTEMPTS",
            "BACKOFF_BASE_SECONDS",
            "MAX_BACKOFF_SECONDS",
            "RECORD_TTL_DAYS",
            "FAILURE_RATE",
            "PERMANENT_FAILURE_SUFFIX",
            "SIMULATION_SEED",
        ),
        grants=(
            Grant("table", ("dynamodb:UpdateItem",)),
            Grant("task_queue", ("sqs:ChangeMessageVisibility", *CONSUME)),
            Grant("dead_letter_queue", ("sqs:SendMessage",)),
        ),
        timeout_seconds=Setting("process_timeout_seconds"),
        consumes=Consumes("task_queue", Setting("batch_size"), Setting("batching_window_seconds")),
    ),
    "monitor_dlq": FunctionNeeds(
        description="Records and reports each dead letter before it lets the message go",
        handler="monitor_dlq.handler.handle",
        environment=("DEAD_LETTER_QUEUE_URL", "RECORD_TTL_DAYS"),
        grants=(
            Grant("table", ("dynamodb:GetItem", "dynamodb:UpdateItem")),
            Grant("dead_letter_queue", ("sqs:ChangeMessageVisibility", *CONSUME)),
        ),
        timeout_seconds=30,
        consumes=Consumes("dead_letter_queue", batch_size=10, batching_window_seconds=0),
    ),
}


def component_name(key: str) -> str:
    """Return the name that a function goes by in resources: `submit_task` is `submit-task`."""
    return key.replace("_", "-")
