"""All functions, made from the one table of needs."""

import pulumi

from infra import policy
from infra.archive import function_archive
from infra.derived import component_name, limit
from infra.environment import environment_of, environment_values
from infra.function import TaskFunction, TaskFunctionArgs
from infra.needs import NEEDS, FunctionNeeds
from infra.scope import Scope
from infra.settings import Settings
from infra.stores import Stores


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
