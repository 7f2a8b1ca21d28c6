"""The task queue's consumer: each message of a batch is one attempt at one task."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from process_task.settings import ProcessSettings
from process_task.work import perform
from taskguard import aws
from taskguard.batch import MAX_WORKERS, BatchHandler
from taskguard.clock import Clock, utc_now
from taskguard.processing import Processor
from taskguard.store import TaskStore
from taskguard.task_queue import TaskQueue
from taskguard.telemetry import Telemetry


def build(settings: ProcessSettings, clock: Clock = utc_now, workers: int = MAX_WORKERS) -> BatchHandler:
    """Return the application with its clients."""
    sqs = aws.sqs()
    telemetry = Telemetry(settings.common.service, settings.common.namespace)
    processor = Processor(
        store=TaskStore(aws.dynamodb(), settings.common.table, settings.keep_for),
        queue=TaskQueue(sqs, settings.task_queue_url),
        dead_letters=TaskQueue(sqs, settings.dead_letter_queue_url),
        policy=settings.policy,
        simulation=settings.simulation,
        perform=perform,
        clock=clock,
        telemetry=telemetry,
    )
    return BatchHandler(processor.handle, clock, telemetry, workers)


@cache
def application() -> BatchHandler:
    """Return the application of this execution environment, made at the first invocation."""
    return build(ProcessSettings.read(os.environ))


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Try the tasks of one batch and return the partial batch response."""
    return application()(event, context)
