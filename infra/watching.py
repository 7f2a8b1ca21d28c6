"""Gathers what alarms and dashboard read from."""

from collections.abc import Mapping

from infra.alarm_catalogue import Watched
from infra.api import HttpApi
from infra.derived import limit, retry_span_seconds, table_operations
from infra.function import TaskFunction
from infra.needs import NEEDS
from infra.scope import Scope
from infra.settings import Settings
from infra.stores import Stores


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
