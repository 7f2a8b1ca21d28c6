"""A program with two lanes and work of its own, in which tests of kinds run the functions."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from unittest.mock import patch

import process_task.handler
import submit_task.handler
import wake_tasks.handler
from taskguard.kinds import DEFAULT_LANE, Kind, Kinds, Lane
from tests.support.aws_in_process import System
from tests.support.events import Context

SLOW = "slow"


@dataclass
class Declared:
    """A system whose functions have these kinds; `lanes` has the queues' URLs."""

    system: System
    lanes: Mapping[str, str]
    kinds: Kinds

    def process(
        self, lane: str = DEFAULT_LANE, *, together: bool = False, context: Context | None = None
    ) -> list[str]:
        """Hand what is visible in a lane to its function, and return what comes back.

        One by one, unless `together`: moto checks a write's condition and writes in two steps, so that of
        two messages of one task both could claim it.
        """
        records = self.system.receive(self.lanes[lane])
        batches = [records] if together else [[record] for record in records]
        with patch.dict(self.system.environment, LANE=lane):
            failed = [each for batch in batches for each in self.system.process(*batch, context=context)]
        for record in records:
            if record["messageId"] not in failed:
                self.system.sqs.delete_message(
                    QueueUrl=self.lanes[lane], ReceiptHandle=record["receiptHandle"]
                )
        return failed

    def bodies(self, lane: str = DEFAULT_LANE) -> list[str]:
        """Receive what is visible in a lane."""
        return [record["body"] for record in self.system.receive(self.lanes[lane])]

    def send(self, body: str, lane: str = DEFAULT_LANE) -> None:
        """Write to a lane's queue as a producer that does not use the API."""
        self.system.sqs.send_message(QueueUrl=self.lanes[lane], MessageBody=body)


@contextmanager
def declaring(
    system: System,
    kinds: Mapping[str, Kind],
    work: Mapping[str, Callable[..., Any]] | None = None,
    *,
    lanes: Mapping[str, Lane] | None = None,
    default: str = "probe",
) -> Iterator[Declared]:
    """Let the functions have these kinds; `work` is what there is in the module `work.sample`."""
    found = Kinds(kinds, {DEFAULT_LANE: Lane(), SLOW: Lane(), **(lanes or {})}, default)
    module = ModuleType("work.sample")
    vars(module).update(work or {})
    urls = {DEFAULT_LANE: system.queue_url, SLOW: system.sqs.create_queue(QueueName="tasks-slow")["QueueUrl"]}
    with ExitStack() as stack:
        for handler in (submit_task.handler, process_task.handler, wake_tasks.handler):
            stack.enter_context(patch.object(handler, "program_kinds", lambda: found))
        stack.enter_context(patch.dict(sys.modules, {"work.sample": module}))
        text = ",".join(f'"{lane}":"{url}"' for lane, url in urls.items())
        stack.enter_context(patch.dict(system.environment, TASK_QUEUE_URLS=f"{{{text}}}"))
        yield Declared(system, urls, found)
