"""What EventBridge Scheduler calls: every five minutes for tasks that are due, every day for a scan."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Annotated, Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from taskguard.edge.environment import AtLeast, ByLane, Environment
from taskguard.edge.telemetry import Telemetry
from taskguard.kinds import program_kinds
from taskguard.model.clock import Clock, utc_now
from taskguard.model.errors import AwsError
from taskguard.storage import aws
from taskguard.storage.indexes import TableScan, TaskIndexes
from taskguard.storage.queue import LaneQueues, TaskQueue, message_life
from taskguard.storage.store import TaskStore
from taskguard.wake import Waker

RESERVE: Final = timedelta(seconds=20)
"""Time before the invocation's deadline in which nothing new is begun."""


@dataclass(frozen=True, slots=True)
class WakeSettings(Environment):
    """The function's environment."""

    task_queue_urls: Annotated[Mapping[str, str], ByLane()]
    dead_letter_queue_url: str
    task_retention_days: Annotated[int, AtLeast(1)]


@dataclass(frozen=True)
class WakeRuns:
    """Runs the waker as the schedules ask."""

    waker: Waker
    clock: Clock
    telemetry: Telemetry

    def handle(self, event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
        """Do one run; `{"run": "scan"}` also begins a scan over the whole table.

        A scan that one run cannot finish is carried on by the next, whichever that is. What fails keeps
        nothing else from being done: an index that cannot be read still leaves the scan.

        Raises
        ------
        AwsError
            The first that kept a part of the run from being done, after the other parts.
        """
        remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
        until = self.clock() + remaining - RESERVE
        done: dict[str, int] = {}
        failed: list[AwsError] = []
        parts = {
            "woken": partial(self.waker.wake_due, until),
            "measured": partial(self.waker.measure),
            "rescued": partial(self.waker.scan, until, begin=event.get("run") == "scan"),
        }
        with self.telemetry.invocation(context.aws_request_id):
            for name, part in parts.items():
                try:
                    done[name] = part()
                except AwsError as error:
                    self.telemetry.aws_failed(error, part=name)
                    failed.append(error)
            if failed:
                raise failed[0]
        return done


def build(settings: WakeSettings, clock: Clock = utc_now) -> WakeRuns:
    """Return the waker with its clients."""
    dynamodb, sqs, telemetry = aws.dynamodb(), aws.sqs(), Telemetry.of(settings)
    waker = Waker(
        store=TaskStore(dynamodb, settings.tasks_table_name),
        indexes=TaskIndexes(dynamodb, settings.tasks_table_name),
        scanned=TableScan(dynamodb, settings.tasks_table_name),
        tasks=LaneQueues(sqs, settings.task_queue_urls, program_kinds()),
        dead_letters=TaskQueue(sqs, settings.dead_letter_queue_url),
        clock=clock,
        telemetry=telemetry,
        message_life=message_life(settings.task_retention_days),
    )
    return WakeRuns(waker, clock, telemetry)


@cache
def application() -> WakeRuns:
    """Return the waker of this execution environment, made when Lambda loads the function."""
    return build(WakeSettings.read(os.environ))


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    application()  # Lambda gives loading a whole CPU, an invocation only the share that its memory buys


def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Wake what is due."""
    return application().handle(event, context)
