"""What the function reads from its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from process_task.work import perform
from taskguard.edge.environment import Common, Environment
from taskguard.edge.sqs import MAX_WORKERS, BatchHandler
from taskguard.edge.telemetry import Telemetry
from taskguard.model.clock import Clock, utc_now
from taskguard.model.retry import RetryPolicy
from taskguard.model.simulation import Simulation
from taskguard.process import Processor
from taskguard.storage import aws
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import TaskStore


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """``process_task``'s environment."""

    common: Common
    task_queue_url: str
    dead_letter_queue_url: str
    policy: RetryPolicy
    simulation: Simulation
    keep_for: timedelta

    @classmethod
    def read(cls, values: Mapping[str, str]) -> "ProcessSettings":
        """Return the settings; raises ``InvalidEnvironment``."""
        environment = Environment(values)
        settings = cls(
            common=Common.read(environment),
            task_queue_url=environment.text("TASK_QUEUE_URL"),
            dead_letter_queue_url=environment.text("DEAD_LETTER_QUEUE_URL"),
            policy=RetryPolicy(
                max_attempts=environment.whole("MAX_ATTEMPTS", 1),
                backoff_base_seconds=environment.whole("BACKOFF_BASE_SECONDS", 0),
                max_backoff_seconds=environment.whole("MAX_BACKOFF_SECONDS", 0),
            ),
            simulation=Simulation(
                failure_rate=environment.share("FAILURE_RATE"),
                permanent_failure_suffix=environment.optional("PERMANENT_FAILURE_SUFFIX"),
                seed=environment.optional("SIMULATION_SEED"),
            ),
            keep_for=timedelta(days=environment.whole("RECORD_TTL_DAYS", 1)),
        )
        environment.finish()
        return settings


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
