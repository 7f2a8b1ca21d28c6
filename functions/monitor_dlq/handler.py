"""The dead-letter queue's consumer: each message is one task to record, log and alarm on."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard.bury import Burial
from taskguard.edge.environment import Common, Environment
from taskguard.edge.sqs import MAX_WORKERS, BatchHandler
from taskguard.edge.telemetry import Telemetry
from taskguard.model.clock import Clock, utc_now
from taskguard.storage import aws
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import TaskStore


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """``monitor_dlq``'s environment."""

    common: Common
    dead_letter_queue_url: str
    keep_for: timedelta

    @classmethod
    def read(cls, values: Mapping[str, str]) -> "MonitorSettings":
        """Return the settings; raises ``InvalidEnvironment``."""
        environment = Environment(values)
        settings = cls(
            common=Common.read(environment),
            dead_letter_queue_url=environment.text("DEAD_LETTER_QUEUE_URL"),
            keep_for=timedelta(days=environment.whole("RECORD_TTL_DAYS", 1)),
        )
        environment.finish()
        return settings


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
