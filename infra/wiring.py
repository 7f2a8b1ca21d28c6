"""What follows from the table of needs and the settings together."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.components import policy
from infra.components.api import HttpApi
from infra.components.function import TaskFunction, TaskFunctionArgs
from infra.components.queue import QueueConsumer, QueueConsumerArgs, TaskQueue
from infra.components.routes import Target
from infra.components.scope import Scope
from infra.components.table import TaskTable
from infra.monitoring.catalogue import Watched
from infra.needs import (
    COMMON_ENVIRONMENT,
    METRICS_NAMESPACE,
    NEEDS,
    Consumes,
    FunctionNeeds,
    Setting,
    Store,
    component_name,
)
from infra.packaging.archive import function_archive
from infra.settings.checks import longest_retry_span_seconds, visibility_timeout_seconds
from infra.settings.stack import Settings


@dataclass(frozen=True)
class Stores:
    """What functions are granted actions on."""

    table: TaskTable
    task_queue: TaskQueue
    dead_letter_queue: TaskQueue

    def arn(self, store: Store) -> pulumi.Output[str]:
        """Return the ARN of a store."""
        return self.table.arn if store == "table" else self.queue(store).arn

    def queue(self, store: Store) -> TaskQueue:
        """Return one of the queues; `KeyError` for the table."""
        return {"task_queue": self.task_queue, "dead_letter_queue": self.dead_letter_queue}[store]


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


def limit(value: int | Setting, settings: Settings) -> int:
    """Return a limit of the table of needs, looked up where it is a setting."""
    if isinstance(value, int):
        return value
    chosen: int = getattr(settings, value.field)
    return chosen


def queue_visibility_seconds(queue: Store, settings: Settings) -> int:
    """Return the visibility timeout of a queue, from the function that consumes it."""
    (needs,) = (each for each in NEEDS.values() if each.consumes and each.consumes.queue == queue)
    window = limit(needs.consumes.batching_window_seconds, settings) if needs.consumes else 0
    return visibility_timeout_seconds(limit(needs.timeout_seconds, settings), window)


def table_operations() -> tuple[str, ...]:
    """Return what the functions do with the table, in DynamoDB's terms, such as `PutItem`."""
    actions = {
        action
        for needs in NEEDS.values()
        for grant in needs.grants
        if grant.store == "table"
        for action in grant.actions
    }
    return tuple(sorted(action.removeprefix("dynamodb:") for action in actions))


def retry_span_seconds(settings: Settings) -> int:
    """Return the longest time from a task's first try to the end of its last."""
    return longest_retry_span_seconds(
        settings.max_attempts,
        settings.backoff_base_seconds,
        settings.max_backoff_seconds,
        settings.process_timeout_seconds,
    )


def make_functions(
    settings: Settings, scope: Scope, stores: Stores, layer_arn: pulumi.Input[str]
) -> dict[str, TaskFunction]:
    """Create every function of the table of needs; returned by key."""
    values = environment_values(
        settings, scope.prefix, stores.table.name, stores.task_queue.url, stores.dead_letter_queue.url
    )

    def make(key: str, needs: FunctionNeeds) -> TaskFunction:
        args = TaskFunctionArgs(
            scope=scope,
            description=needs.description,
            handler=needs.handler,
            code=function_archive(needs.handler.split(".")[0]),
            layer_arn=layer_arn,
            runtime=settings.function_runtime,
            memory_mb=limit(needs.memory_mb, settings),
            timeout_seconds=limit(needs.timeout_seconds, settings),
            environment=environment_of(needs, values),
            statements=_statements(needs, stores),
            log_retention_days=settings.log_retention_days,
            tracing=settings.tracing,
        )
        return TaskFunction(component_name(key), args)

    return {key: make(key, needs) for key, needs in NEEDS.items()}


def _statements(needs: FunctionNeeds, stores: Stores) -> list[policy.Statement]:
    """Return one statement a store; its id names the store, `task_queue` as `UseTaskQueue`."""
    return [
        policy.allow("Use" + grant.store.title().replace("_", ""), grant.actions, stores.arn(grant.store))
        for grant in needs.grants
    ]


def make_consumers(
    settings: Settings, scope: Scope, stores: Stores, functions: Mapping[str, TaskFunction]
) -> None:
    """Connect each queue to the function that consumes it."""

    def connect(key: str, consumes: Consumes) -> None:
        args = QueueConsumerArgs(
            scope=scope,
            queue=stores.queue(consumes.queue),
            function=functions[key],
            batch_size=limit(consumes.batch_size, settings),
            batching_window_seconds=limit(consumes.batching_window_seconds, settings),
            maximum_concurrency=settings.max_concurrency,
        )
        QueueConsumer(component_name(key), args)

    for key, needs in NEEDS.items():
        if needs.consumes:
            connect(key, needs.consumes)


def watched_things(
    settings: Settings, scope: Scope, stores: Stores, functions: Mapping[str, TaskFunction], api: HttpApi
) -> Watched:
    """Return the names, timeouts and spans that alarms and dashboard need."""
    return Watched(
        service=scope.prefix,
        functions={key: function.name for key, function in functions.items()},
        timeouts_seconds={key: limit(NEEDS[key].timeout_seconds, settings) for key in functions},
        task_queue=stores.task_queue.name,
        dead_letter_queue=stores.dead_letter_queue.name,
        table=stores.table.name,
        table_operations=table_operations(),
        api_id=api.id,
        retry_span_seconds=retry_span_seconds(settings),
    )


def targets(functions: Mapping[str, TaskFunction]) -> list[Target]:
    """Return the functions that the table of needs gives routes."""
    return [
        Target(component_name(key), function, NEEDS[key].routes)
        for key, function in functions.items()
        if NEEDS[key].routes
    ]
