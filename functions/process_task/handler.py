"""The task queue's consumer: each message of a batch is one attempt at one task."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from aws_lambda_powertools.utilities.typing import LambdaContext

from process_task.work import perform
from taskguard.edge.environment import AtLeast, Environment, MayBeEmpty, Share
from taskguard.edge.sqs import BatchResponse, Consumer, SqsEvent
from taskguard.edge.telemetry import Telemetry
from taskguard.model.clock import Clock, utc_now
from taskguard.model.retry import RetryPolicy
from taskguard.model.simulation import Simulation
from taskguard.process import Processor
from taskguard.storage import aws
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import TaskStore


@dataclass(frozen=True, slots=True)
class ProcessSettings(Environment):
    """The function's environment."""

    task_queue_url: str
    dead_letter_queue_url: str
    max_attempts: Annotated[int, AtLeast(1)]
    backoff_base_seconds: Annotated[int, AtLeast(0)]
    max_backoff_seconds: Annotated[int, AtLeast(0)]
    record_ttl_days: Annotated[int, AtLeast(1)]
    failure_rate: Annotated[float, Share()]
    permanent_failure_suffix: Annotated[str, MayBeEmpty()]
    simulation_seed: Annotated[str, MayBeEmpty()]

    @property
    def policy(self) -> RetryPolicy:
        """How often and how slowly tasks are tried again."""
        return RetryPolicy(self.max_attempts, self.backoff_base_seconds, self.max_backoff_seconds)

    @property
    def simulation(self) -> Simulation:
        """Which attempts fail on purpose."""
        return Simulation(self.failure_rate, self.permanent_failure_suffix, self.simulation_seed)


def build(settings: ProcessSettings, clock: Clock = utc_now) -> Consumer:
    """Return the consumer with its clients."""
    sqs, telemetry = aws.sqs(), Telemetry.of(settings)
    processor = Processor(
        store=TaskStore(aws.dynamodb(), settings.tasks_table_name, settings.record_ttl_days),
        dead_letters=TaskQueue(sqs, settings.dead_letter_queue_url),
        policy=settings.policy,
        simulation=settings.simulation,
        perform=perform,
        clock=clock,
        telemetry=telemetry,
    )
    return Consumer(processor.process, TaskQueue(sqs, settings.task_queue_url), clock, telemetry)


@cache
def application() -> Consumer:
    """Return the consumer of this execution environment, made at the first invocation."""
    return build(ProcessSettings.read(os.environ))


def handle(event: SqsEvent, context: LambdaContext) -> BatchResponse:
    """Try the tasks of one batch and return the partial batch response."""
    return application().consume(event, context)
