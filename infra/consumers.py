"""The consumers of all queues, made from the table of needs."""

from collections.abc import Mapping

from infra.consumer import QueueConsumer, QueueConsumerArgs
from infra.derived import component_name, limit
from infra.function import TaskFunction
from infra.needs import NEEDS, Consumes
from infra.scope import Scope
from infra.settings import Settings
from infra.stores import Stores


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
