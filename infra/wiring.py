"""Puts settings, the table of needs and the components together, in the order in which `__main__` does."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.components import iam
from infra.components.api import HttpApi, Target
from infra.components.function import TaskFunction, TaskFunctionArgs
from infra.components.queue import QueueConsumer, QueueConsumerArgs, TaskQueue
from infra.components.schedule import FunctionSchedules, FunctionSchedulesArgs
from infra.components.scope import METRICS_NAMESPACE, Scope, component_name
from infra.components.table import DEAD_LETTER_INDEX, DUE_INDEX, TaskTable
from infra.monitoring.metrics import Watched
from infra.needs import COMMON_ENVIRONMENT, FunctionNeeds, Queue, Store, needs
from infra.packaging.archive import function_archive
from infra.settings import limits
from infra.settings.stack import Settings


def visibility_timeout_seconds(queue: Queue, settings: Settings) -> int:
    """Return the visibility timeout of a queue, which follows from the one function that consumes it."""
    (seconds,) = (
        limits.visibility_timeout_seconds(each.timeout_seconds, each.consumes.batching_window_seconds)
        for each in needs(settings).values()
        if each.consumes and each.consumes.queue == queue
    )
    return seconds


@dataclass(frozen=True)
class Stores:
    """The table and the queues, which functions are granted actions on."""

    table: TaskTable
    task_queue: TaskQueue
    dead_letter_queue: TaskQueue

    def queue(self, queue: Queue) -> TaskQueue:
        """Return the queue with this name in the table of needs."""
        return self.task_queue if queue == "task_queue" else self.dead_letter_queue

    def arn(self, store: Store) -> pulumi.Output[str]:
        """Return the ARN of the store with this name in the table of needs."""
        match store:
            case "table":
                return self.table.arn
            case "dead_letter_index":
                return self.table.index_arn(DEAD_LETTER_INDEX)
            case "due_index":
                return self.table.index_arn(DUE_INDEX)
            case queue:
                return self.queue(queue).arn


def make_functions(
    settings: Settings, scope: Scope, stores: Stores, layer_arn: pulumi.Input[str]
) -> dict[str, TaskFunction]:
    """Create every function of the table of needs; return them by its keys."""
    values = _environment_values(settings, scope, stores)

    def make(key: str, needed: FunctionNeeds) -> TaskFunction:
        args = TaskFunctionArgs(
            scope=scope,
            description=needed.description,
            handler=needed.handler,
            code=function_archive(needed.handler.split(".")[0]),
            layer_arn=layer_arn,
            runtime=settings.function_runtime,
            memory_mb=needed.memory_mb,
            reserved_concurrency=needed.reserved_concurrency,
            timeout_seconds=needed.timeout_seconds,
            environment={name: values[name] for name in sorted((*COMMON_ENVIRONMENT, *needed.environment))},
            statements=_statements(needed, stores),
            log_retention_days=settings.log_retention_days,
            tracing=settings.tracing,
        )
        return TaskFunction(component_name(key), args)

    return {key: make(key, needed) for key, needed in needs(settings).items()}


def _environment_values(settings: Settings, scope: Scope, stores: Stores) -> dict[str, pulumi.Input[str]]:
    """Return the value of every environment variable that a function may need; Lambda takes text only."""
    return {
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
        "POWERTOOLS_SERVICE_NAME": scope.prefix,
        "TASKS_TABLE_NAME": stores.table.name,
        "TASK_QUEUE_URL": stores.task_queue.url,
        "DEAD_LETTER_QUEUE_URL": stores.dead_letter_queue.url,
        "MAX_ATTEMPTS": str(settings.max_attempts),
        "BACKOFF_BASE_SECONDS": str(settings.backoff_base_seconds),
        "MAX_BACKOFF_SECONDS": str(settings.max_backoff_seconds),
        "BACKOFF_JITTER": f"{settings.backoff_jitter:g}",
        "TASK_DEADLINE_DAYS": str(settings.task_deadline_days),
        "TASK_RETENTION_DAYS": str(settings.task_retention_days),
        "RECORD_TTL_DAYS": str(settings.record_ttl_days),
        "DEAD_LETTER_TTL_DAYS": str(settings.dead_letter_ttl_days),
        "LOG_DEAD_LETTER_PAYLOAD": str(settings.log_dead_letter_payload).lower(),
        "FAILURE_RATE": f"{settings.failure_rate:g}",  # 1.0 as "1", 0.3 as "0.3"
        "PERMANENT_FAILURE_SUFFIX": settings.permanent_failure_suffix,
        "SIMULATION_SEED": settings.simulation_seed,
    }


def _statements(needed: FunctionNeeds, stores: Stores) -> list[iam.Statement]:
    """Return one statement for each store, named after it: `UseTaskQueue` for `task_queue`."""
    return [
        iam.allow("Use" + grant.store.title().replace("_", ""), grant.actions, stores.arn(grant.store))
        for grant in needed.grants
    ]


def make_consumers(
    settings: Settings, scope: Scope, stores: Stores, functions: Mapping[str, TaskFunction]
) -> dict[str, QueueConsumer]:
    """Connect each queue to the function that consumes it; return the connections by the function's key."""
    consumers = {}
    for key, needed in needs(settings).items():
        if needed.consumes:
            args = QueueConsumerArgs(
                scope=scope,
                queue=stores.queue(needed.consumes.queue),
                function=functions[key],
                batch_size=needed.consumes.batch_size,
                batching_window_seconds=needed.consumes.batching_window_seconds,
                maximum_concurrency=settings.max_concurrency,
            )
            consumers[key] = QueueConsumer(component_name(key), args)
    return consumers


def make_schedules(settings: Settings, scope: Scope, functions: Mapping[str, TaskFunction]) -> None:
    """Create the schedules of each function that has any."""
    for key, needed in needs(settings).items():
        if needed.schedules:
            args = FunctionSchedulesArgs(scope, functions[key], needed.schedules)
            FunctionSchedules(component_name(key), args)


def targets(settings: Settings, functions: Mapping[str, TaskFunction]) -> list[Target]:
    """Return the functions that the API's routes invoke."""
    return [
        Target(component_name(key), functions[key], needed.routes)
        for key, needed in needs(settings).items()
        if needed.routes
    ]


@dataclass(frozen=True)
class Running:
    """The functions, what hands them messages, and the API in front of them."""

    functions: Mapping[str, TaskFunction]
    consumers: Mapping[str, QueueConsumer]
    api: HttpApi


def watched_things(settings: Settings, scope: Scope, stores: Stores, running: Running) -> Watched:
    """Return what alarms and dashboard need to know of the stack."""
    return Watched(
        service=scope.prefix,
        functions={key: function.name for key, function in running.functions.items()},
        timeouts_seconds={key: needed.timeout_seconds for key, needed in needs(settings).items()},
        api_functions=tuple(key for key, needed in needs(settings).items() if needed.routes),
        mappings={key: consumer.mapping_id for key, consumer in running.consumers.items()},
        task_queue=stores.task_queue.name,
        dead_letter_queue=stores.dead_letter_queue.name,
        table=stores.table.name,
        table_operations=_table_operations(settings),
        api_id=running.api.id,
        api_rate_limit=settings.api_rate_limit,
        access_log=running.api.access_log,
        longest_life_seconds=limits.longest_life_seconds(
            settings.max_attempts,
            settings.backoff_base_seconds,
            settings.max_backoff_seconds,
            settings.process_timeout_seconds,
            settings.batching_window_seconds,
        ),
        dead_letter_ttl_days=settings.dead_letter_ttl_days,
    )


def _table_operations(settings: Settings) -> tuple[str, ...]:
    """Return the DynamoDB operations that the functions may call on the table, such as `PutItem`."""
    grants = [grant for needed in needs(settings).values() for grant in needed.grants]
    actions = {action for grant in grants for action in grant.actions if action.startswith("dynamodb:")}
    return tuple(sorted(action.removeprefix("dynamodb:") for action in actions))
