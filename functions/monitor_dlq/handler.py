"""The dead-letter queue's consumer: each message is one task to record, log and alarm on."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard.bury import Burial
from taskguard.edge.environment import AtLeast, Environment, YesNo
from taskguard.edge.sqs import BatchResponse, Consumer, SqsEvent
from taskguard.edge.telemetry import Telemetry
from taskguard.model.clock import Clock, utc_now
from taskguard.storage import aws
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import TaskStore


@dataclass(frozen=True, slots=True)
class MonitorSettings(Environment):
    """The function's environment."""

    dead_letter_queue_url: str
    dead_letter_ttl_days: Annotated[int, AtLeast(1)]
    log_dead_letter_payload: Annotated[bool, YesNo()]


def build(settings: MonitorSettings, clock: Clock = utc_now) -> Consumer:
    """Return the consumer with its clients."""
    telemetry = Telemetry.of(settings)
    burial = Burial(
        store=TaskStore(aws.dynamodb(), settings.tasks_table_name, settings.dead_letter_ttl_days),
        clock=clock,
        telemetry=telemetry,
        log_payload=settings.log_dead_letter_payload,
    )
    return Consumer(burial.bury, TaskQueue(aws.sqs(), settings.dead_letter_queue_url), clock, telemetry)


@cache
def application() -> Consumer:
    """Return the consumer of this execution environment, made when Lambda loads the function."""
    return build(MonitorSettings.read(os.environ))


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    application()  # Lambda gives loading a whole CPU, an invocation only the share that its memory buys


def handle(event: SqsEvent, context: LambdaContext) -> BatchResponse:
    """Bury the tasks of one batch of dead letters and return the partial batch response."""
    return application().consume(event, context)
