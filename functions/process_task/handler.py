"""The task queue's consumer: each message of a batch is one attempt at one task."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Annotated

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard.edge.environment import AtLeast, ByLane, Environment, MayBeEmpty, Share
from taskguard.edge.sqs import BatchResponse, Consumer, LastWords, SqsEvent
from taskguard.edge.telemetry import Telemetry, log_in_json
from taskguard.kinds import program_kinds
from taskguard.model.clock import Clock, utc_now
from taskguard.model.retry import RetryPolicy
from taskguard.model.simulation import Simulation
from taskguard.perform import Performer
from taskguard.process import Processor
from taskguard.storage import aws
from taskguard.storage.queue import LaneQueues, TaskQueue, message_life
from taskguard.storage.store import TaskStore
from taskguard.submit import Submitter


@dataclass(frozen=True, slots=True)
class ProcessSettings(Environment):
    """The function's environment."""

    task_queue_urls: Annotated[Mapping[str, str], ByLane()]
    lane: str
    dead_letter_queue_url: str
    max_attempts: Annotated[int, AtLeast(1)]
    backoff_base_seconds: Annotated[int, AtLeast(0)]
    max_backoff_seconds: Annotated[int, AtLeast(0)]
    backoff_jitter: Annotated[float, Share()]
    task_deadline_days: Annotated[int, AtLeast(1)]
    task_retention_days: Annotated[int, AtLeast(1)]
    record_ttl_days: Annotated[int, AtLeast(1)]
    failure_rate: Annotated[float, Share()]
    permanent_failure_suffix: Annotated[str, MayBeEmpty()]
    simulation_seed: Annotated[str, MayBeEmpty()]

    @property
    def policy(self) -> RetryPolicy:
        """How often and how slowly tasks are tried again."""
        return RetryPolicy(
            self.max_attempts,
            self.backoff_base_seconds,
            self.max_backoff_seconds,
            self.backoff_jitter,
            timedelta(days=self.task_deadline_days),
            self.simulation_seed,
        )

    @property
    def simulation(self) -> Simulation:
        """Which attempts fail on purpose."""
        return Simulation(self.failure_rate, self.permanent_failure_suffix, self.simulation_seed)


def build(settings: ProcessSettings, clock: Clock = utc_now) -> Consumer:
    """Return the consumer with its clients."""
    telemetry = Telemetry.of(settings)
    kinds = program_kinds()
    performer = Performer(kinds, settings.simulation)
    performer.load(settings.lane)
    dynamodb, sqs = aws.dynamodb(), aws.sqs()
    store = TaskStore(dynamodb, settings.tasks_table_name, settings.record_ttl_days)
    tasks = LaneQueues(sqs, settings.task_queue_urls, kinds)
    processor = Processor(
        store=store,
        lane=settings.lane,
        tasks=tasks,
        dead_letters=TaskQueue(sqs, settings.dead_letter_queue_url),
        policy=settings.policy,
        perform=performer.perform,
        clock=clock,
        telemetry=telemetry,
        submitter=Submitter(store, tasks, clock, telemetry, message_life(settings.task_retention_days)),
    )
    # The same, with clients that try once and shortly: for the last seconds of an invocation.
    dynamodb, sqs = aws.dynamodb(aws.SHORT_CONFIG), aws.sqs(aws.SHORT_CONFIG)
    hasty = replace(
        processor,
        store=replace(processor.store, client=dynamodb),
        tasks=replace(processor.tasks, client=sqs),
        dead_letters=replace(processor.dead_letters, client=sqs),
    )
    return Consumer(
        processor.process,
        tasks.lane(settings.lane),
        clock,
        telemetry,
        last_words=LastWords(
            hasty.cut_off,
            hasty.tasks.lane(settings.lane),
            hasty.forget,
            hasty.time_is_over if kinds.any_timeout else None,
        ),
        renews=True,
    )


@cache
def application() -> Consumer:
    """Return the consumer of this execution environment, made when Lambda loads the function."""
    return build(ProcessSettings.read(os.environ))


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    log_in_json()
    application()  # Lambda gives loading a whole CPU, an invocation only the share that its memory buys


def handle(event: SqsEvent, context: LambdaContext) -> BatchResponse:
    """Try the tasks of one batch and return the partial batch response."""
    return application().consume(event, context)
