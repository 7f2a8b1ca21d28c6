"""The dead-letter queue's consumer: each message is one task to record, log and alarm on."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from monitor_dlq.settings import MonitorSettings
from taskguard import aws
from taskguard.batch import MAX_WORKERS, BatchHandler
from taskguard.burial import Burial
from taskguard.clock import Clock, utc_now
from taskguard.store import TaskStore
from taskguard.task_queue import TaskQueue
from taskguard.telemetry import Telemetry


def build(settings: MonitorSettings, clock: Clock = utc_now, workers: int = MAX_WORKERS) -> BatchHandler:
    """Return the application with its clients."""
    telemetry = Telemetry(settings.common.service, settings.common.namespace)
    burial = Burial(
        store=TaskStore(aws.dynamodb(), settings.common.table, settings.keep_for),
        dead_letters=TaskQueue(aws.sqs(), settings.dead_letter_queue_url),
        clock=clock,
        telemetry=telemetry,
    )
    return BatchHandler(burial.handle, clock, telemetry, workers)


@cache
def application() -> BatchHandler:
    """Return the application of this execution environment, made at the first invocation."""
    return build(MonitorSettings.read(os.environ))


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Put the tasks of one batch aside and return the partial batch response."""
    return application()(event, context)
