"""Puts settings, the table of needs and the components together, in the order in which `__main__` does."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pulumi

from infra.components import iam
from infra.components.api import HttpApi, Target
from infra.components.function import TaskFunction, TaskFunctionArgs
from infra.components.queue import QueueConsumer, QueueConsumerArgs, Redrive, TaskQueue, TaskQueueArgs
from infra.components.schedule import FunctionSchedules, FunctionSchedulesArgs
from infra.components.scope import METRICS_NAMESPACE, Scope, component_name
from infra.components.table import DEAD_LETTER_INDEX, DUE_INDEX, TaskTable
from infra.monitoring.metrics import Watched, WatchedLane
from infra.needs import COMMON_ENVIRONMENT, FunctionNeeds, Queue, Store, function_key, needs
from infra.packaging.archive import function_archive
from infra.settings import limits
from infra.settings.lanes import LaneFigures, kinds_of, lanes_of
from infra.settings.maps import Vpc
from infra.settings.stack import Settings
from infra.settings.work import WorkRights, work_rights
from taskguard.kinds import DEFAULT_LANE, Kinds


@dataclass(frozen=True)
class Plan:
    """What is to be created: the stack's settings, the user's kinds, and what follows from both."""

    settings: Settings
    kinds: Kinds
    scope: Scope

    @cached_property
    def lanes(self) -> dict[str, LaneFigures]:
        """The lanes by name, the default lane first."""
        return lanes_of(self.settings, self.kinds)

    @cached_property
    def needs(self) -> Mapping[str, FunctionNeeds]:
        """The table of what each function needs."""
        return needs(self.settings, self.lanes)

    @cached_property
    def rights(self) -> dict[str, WorkRights]:
        """What the work of each lane may use."""
        return work_rights(self.settings, self.kinds)


@dataclass(frozen=True)
class Stores:
    """The table and the queues, which functions are granted actions on; the task queues by lane."""

    table: TaskTable
    task_queues: Mapping[str, TaskQueue]
    dead_letter_queue: TaskQueue

    def queue(self, queue: Queue, lane: str | None) -> TaskQueue:
        """Return the queue with this name in the table of needs."""
        return (
            self.dead_letter_queue if queue == "dead_letter_queue" else self.task_queues[lane or DEFAULT_LANE]
        )

    def arns(self, store: Store, lane: str | None) -> list[pulumi.Output[str]]:
        """Return the ARNs of the stores with this name in the table of needs, for a function of a lane."""
        match store:
            case "table":
                return [self.table.arn]
            case "dead_letter_index":
                return [self.table.index_arn(DEAD_LETTER_INDEX)]
            case "due_index":
                return [self.table.index_arn(DUE_INDEX)]
            case "task_queues":
                return [queue.arn for queue in self.task_queues.values()]
            case "other_task_queues":
                return [queue.arn for name, queue in self.task_queues.items() if name != lane]
            case queue:
                return [self.queue(queue, lane).arn]


def make_queues(plan: Plan) -> tuple[dict[str, TaskQueue], TaskQueue]:
    """Create the lanes' task queues and the dead-letter queue that they share; return both."""
    settings, scope = plan.settings, plan.scope
    (monitor,) = (
        each for each in plan.needs.values() if each.consumes and each.consumes.queue == "dead_letter_queue"
    )
    dead_letters = TaskQueue(
        "dead-letters",
        TaskQueueArgs(
            scope,
            visibility_timeout_seconds=limits.visibility_timeout_seconds(monitor.timeout_seconds, 0),
            retention_days=settings.dead_letter_retention_days,
            protect_data=settings.protect_data,
        ),
    )
    queues: dict[str, TaskQueue] = {}
    for lane in plan.lanes.values():  # the default lane first: its policy allows the others
        others = [f"-{name}" for name in plan.lanes if name != DEFAULT_LANE]
        redrive = Redrive(
            dead_letters,
            lane.max_receive_count,
            also_from=others if lane.is_default else (),
            allowed_by=queues.get(DEFAULT_LANE),
        )
        args = TaskQueueArgs(
            scope,
            visibility_timeout_seconds=lane.visibility_timeout_seconds,
            retention_days=settings.task_retention_days,
            redrive=redrive,
            protect_data=settings.protect_data,
        )
        queues[lane.name] = TaskQueue("tasks" if lane.is_default else f"tasks-{lane.name}", args)
    return queues, dead_letters


def make_functions(plan: Plan, stores: Stores, layer_arn: pulumi.Input[str]) -> dict[str, TaskFunction]:
    """Create every function of the table of needs; return them by its keys."""
    settings, values = plan.settings, _environment_values(plan, stores)

    def make(key: str, needed: FunctionNeeds) -> TaskFunction:
        rights = plan.rights[needed.lane] if needed.lane else NO_RIGHTS
        own = {name: values[name] for name in (*COMMON_ENVIRONMENT, *needed.environment)}
        if needed.lane:
            own["LANE"] = needed.lane
        environment: dict[str, pulumi.Input[str]] = {**own, **rights.environment, **rights.secrets}
        args = TaskFunctionArgs(
            scope=plan.scope,
            description=needed.description,
            handler=needed.handler,
            code=function_archive(needed.handler.split(".")[0], work=needed.work),
            layer_arn=layer_arn,
            runtime=settings.function_runtime,
            memory_mb=needed.memory_mb,
            reserved_concurrency=needed.reserved_concurrency,
            timeout_seconds=needed.timeout_seconds,
            environment={name: environment[name] for name in sorted(environment)},
            statements=[*_statements(needed, stores), *_work_statements(rights)],
            log_retention_days=settings.log_retention_days,
            tracing=settings.tracing,
            vpc=rights.vpc,
        )
        return TaskFunction(component_name(key), args)

    return {key: make(key, needed) for key, needed in plan.needs.items()}


NO_RIGHTS = WorkRights({}, {}, (), Vpc())


def _work_statements(rights: WorkRights) -> list[iam.Statement]:
    """Return a lane's own permissions, and the right to read its secrets, each a statement of its own."""
    secrets = sorted(rights.secrets.values())
    return [
        *(
            iam.allow(f"Work{number}", each.actions, [*each.resources])
            for number, each in enumerate(rights.permissions, start=1)
        ),
        *([iam.allow("ReadSecrets", ["secretsmanager:GetSecretValue"], secrets)] if secrets else []),
    ]


def _environment_values(plan: Plan, stores: Stores) -> dict[str, pulumi.Input[str]]:
    """Return the value of every environment variable that a function may need; Lambda takes text only."""
    settings, scope = plan.settings, plan.scope
    urls = {lane: queue.url for lane, queue in stores.task_queues.items()}
    return {
        "LANE": DEFAULT_LANE,
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
        "POWERTOOLS_SERVICE_NAME": scope.prefix,
        "TASKS_TABLE_NAME": stores.table.name,
        "TASK_QUEUE_URLS": pulumi.Output.json_dumps(urls, separators=(",", ":")),
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
    """Return one statement for each store, named after it: `UseTaskQueue` for `task_queue`.

    The queues of all lanes are called as if they were one, since most programs have one lane.
    """
    statements = []
    for grant in needed.grants:
        arns = stores.arns(grant.store, needed.lane)
        name = "task_queue" if grant.store == "task_queues" else grant.store
        if arns:
            resource = arns[0] if len(arns) == 1 else arns
            statements.append(iam.allow("Use" + name.title().replace("_", ""), grant.actions, resource))
    return statements


def make_consumers(
    plan: Plan, stores: Stores, functions: Mapping[str, TaskFunction]
) -> dict[str, QueueConsumer]:
    """Connect each queue to the function that consumes it; return the connections by the function's key."""
    consumers = {}
    for key, needed in plan.needs.items():
        if needed.consumes:
            args = QueueConsumerArgs(
                scope=plan.scope,
                queue=stores.queue(needed.consumes.queue, needed.lane),
                function=functions[key],
                batch_size=needed.consumes.batch_size,
                batching_window_seconds=needed.consumes.batching_window_seconds,
                maximum_concurrency=needed.max_concurrency,
                pausable=needed.consumes.queue == "task_queue",
            )
            consumers[key] = QueueConsumer(component_name(key), args)
    return consumers


def make_schedules(plan: Plan, functions: Mapping[str, TaskFunction]) -> None:
    """Create the schedules of each function that has any."""
    for key, needed in plan.needs.items():
        if needed.schedules:
            args = FunctionSchedulesArgs(plan.scope, functions[key], needed.schedules)
            FunctionSchedules(component_name(key), args)


def targets(plan: Plan, functions: Mapping[str, TaskFunction]) -> list[Target]:
    """Return the functions that the API's routes invoke."""
    return [
        Target(component_name(key), functions[key], needed.routes)
        for key, needed in plan.needs.items()
        if needed.routes
    ]


@dataclass(frozen=True)
class Running:
    """The functions, what hands them messages, and the API in front of them."""

    functions: Mapping[str, TaskFunction]
    consumers: Mapping[str, QueueConsumer]
    api: HttpApi


def watched_things(plan: Plan, stores: Stores, running: Running) -> Watched:
    """Return what alarms and dashboard need to know of the stack."""
    settings = plan.settings
    return Watched(
        service=plan.scope.prefix,
        functions={key: function.name for key, function in running.functions.items()},
        timeouts_seconds={key: needed.timeout_seconds for key, needed in plan.needs.items()},
        api_functions=tuple(key for key, needed in plan.needs.items() if needed.routes),
        mappings={key: consumer.mapping_id for key, consumer in running.consumers.items()},
        lanes={
            lane.name: WatchedLane(
                stores.task_queues[lane.name].name, function_key(lane.name), lane.longest_life_seconds
            )
            for lane in plan.lanes.values()
        },
        dead_letter_queue=stores.dead_letter_queue.name,
        table=stores.table.name,
        table_operations=_table_operations(plan),
        api_id=running.api.id,
        api_rate_limit=settings.api_rate_limit,
        access_log=running.api.access_log,
        dead_letter_ttl_days=settings.dead_letter_ttl_days,
    )


def _table_operations(plan: Plan) -> tuple[str, ...]:
    """Return the DynamoDB operations that the functions may call on the table, such as `PutItem`."""
    grants = [grant for needed in plan.needs.values() for grant in needed.grants]
    actions = {action for grant in grants for action in grant.actions if action.startswith("dynamodb:")}
    return tuple(sorted(action.removeprefix("dynamodb:") for action in actions))


def told_lanes(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return the lanes as outputs: a preview then says what changes, and the tool knows what is deployed."""
    return {
        name: {
            "timeoutSeconds": lane.timeout_seconds,
            "memoryMb": lane.memory_mb,
            "batchSize": lane.batch_size,
            "batchingWindowSeconds": lane.batching_window_seconds,
            "maxConcurrency": lane.max_concurrency,
            "closed": lane.declared.closed,
            "environment": [*lane.declared.environment],
            "secrets": [*lane.declared.secrets],
            "vpc": lane.declared.vpc,
        }
        for name, lane in plan.lanes.items()
    }


def told_kinds(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return the kinds as outputs, the built-in ones among them."""
    return {
        name: {
            "work": kind.work,
            "lane": kind.lane,
            "maxAttempts": kind.max_attempts,
            "backoffBaseSeconds": kind.backoff_base_seconds,
            "maxBackoffSeconds": kind.max_backoff_seconds,
            "timeoutSeconds": kind.timeout_seconds,
            "deadlineDays": kind.deadline_days,
            "aliases": [*kind.aliases],
        }
        for name, kind in kinds_of(plan.settings, plan.kinds).items()
    }
