"""Work that asks to be called later, and work that hangs, on the local cloud."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from infra.packaging.archive import function_archive, write_zip, zip_bytes
from local.aws_clients import WAITER_CONFIG
from local.cloud import local_cloud
from ops.stack.aws import Aws
from ops.stack.deliveries import mapping_of, switch
from ops.stack.outputs import from_document
from taskguard.edge.telemetry import Event
from taskguard.model.message import Message
from taskguard.model.record import Outcome, Status, TaskRecord
from taskguard.storage.store import TaskStore
from tests.support.local_processes import becomes_true

POSTPONED_TIMES = 20
HANGS = "hangs"
LONGEST_SECONDS = 180.0
"""Until when a test waits for tasks to settle, on a busy machine."""

WORK = f'''
import threading

from taskguard.work import Context, Json, RetryAfter


def perform(payload: Json, context: Context) -> Json:
    """Ask to be called later, hang, or succeed, as the payload says."""
    if payload == "later" and context.attempt <= {POSTPONED_TIMES}:
        raise RetryAfter(1, "429 Too Many Requests")
    if payload == {HANGS!r}:
        threading.Event().wait()
    return None
'''
KINDS = """
from taskguard.kinds import Kind

KINDS = {"odd": Kind("work.odd:perform")}
DEFAULT_KIND = "odd"
"""
SETTINGS = {
    "failureRate": "0",
    "permanentFailureSuffix": "",
    "maxAttempts": "3",
    "backoffBaseSeconds": "1",
    "batchSize": "10",
    "processTimeoutSeconds": "10",
}

pytestmark = pytest.mark.emulator


@dataclass(frozen=True)
class Cloud:
    """A local cloud whose workers do `WORK`."""

    aws: Aws

    def install_work(self) -> None:
        """Deploy process_task with this test's work in it."""
        with zipfile.ZipFile(io.BytesIO(zip_bytes(function_archive("process_task", work="all")))) as package:
            files = {name: package.read(name) for name in package.namelist()}
        assert "work/kinds.py" in files
        code = write_zip(files | {"work/odd.py": WORK.encode(), "work/kinds.py": KINDS.encode()})
        name = self.aws.outputs.function_names["process_task"]
        self.aws.lambda_.update_function_code(FunctionName=name, ZipFile=code)
        self.aws.lambda_.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=WAITER_CONFIG)

    def send_together(self, payloads: dict[str, str]) -> None:
        """Put tasks on the queue so that one batch takes them all."""
        outputs = self.aws.outputs
        mapping = mapping_of(
            self.aws.lambda_, outputs.function_names["process_task"], outputs.task_queue_url
        ).uuid
        switch(self.aws.lambda_, mapping, on=False)
        entries: Any = [
            {"Id": str(number), "MessageBody": Message(task_id, payload).body()}
            for number, (task_id, payload) in enumerate(payloads.items())
        ]
        answer = self.aws.sqs.send_message_batch(QueueUrl=outputs.task_queue_url, Entries=entries)
        assert len(answer["Successful"]) == len(payloads)
        switch(self.aws.lambda_, mapping, on=True)

    def records(self, task_ids: list[str]) -> dict[str, TaskRecord]:
        """Read the records that there are."""
        store = TaskStore(self.aws.dynamodb, self.aws.outputs.tasks_table_name)
        found = {task_id: store.get(task_id) for task_id in task_ids}
        return {task_id: record for task_id, record in found.items() if record}

    def settled(self, task_ids: list[str]) -> dict[str, TaskRecord]:
        """Wait until all tasks have settled, and return their records."""

        def all_settled() -> bool:
            found = self.records(task_ids)
            return len(found) == len(task_ids) and all(each.is_settled for each in found.values())

        assert becomes_true(all_settled, LONGEST_SECONDS), self.records(task_ids)
        return self.records(task_ids)

    def lines(self, task_id: str) -> list[dict[str, Any]]:
        """Return what process_task logged about a task."""
        logs = self.aws.session.client("logs", endpoint_url=self.aws.outputs.aws_endpoint_url)
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{self.aws.outputs.function_names['process_task']}",
            filterPattern=f'"{task_id}"',
        )
        return [json.loads(event["message"]) for page in pages for event in page["events"]]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with local_cloud(overrides=SETTINGS, outputs_file=None, progress=lambda _: None) as outputs:
        cloud = Cloud(Aws(from_document(outputs, "the local cloud")))
        cloud.install_work()
        yield cloud


def test_work_that_asks_twenty_times_to_be_called_later_completes_with_one_attempt_used(cloud: Cloud) -> None:
    cloud.send_together({"patient": "later"})
    record = cloud.settled(["patient"])["patient"]
    assert (record.status, record.attempts_used, record.attempt_count) == (
        Status.COMPLETED,
        1,
        POSTPONED_TIMES + 1,
    )
    assert [(each.outcome, each.times) for each in record.attempts] == [
        (Outcome.POSTPONED, POSTPONED_TIMES),
        (Outcome.COMPLETED, 1),
    ]
    started = [line for line in cloud.lines("patient") if line["event"] == Event.STARTED]
    # A message that had been hidden would come back with a higher count.
    assert [line["receiveCount"] for line in started] == [1] * (POSTPONED_TIMES + 1)


def test_a_task_that_hangs_costs_its_nine_neighbours_nothing_and_ends_as_a_dead_letter(cloud: Cloud) -> None:
    neighbours = [f"neighbour-{number}" for number in range(9)]
    cloud.send_together({HANGS: HANGS, **dict.fromkeys(neighbours, "")})
    records = cloud.settled([HANGS, *neighbours])
    hanging = records.pop(HANGS)
    first = hanging.attempts[0]
    assert {(each.status, each.attempt_count, each.attempts[0].request_id) for each in records.values()} == {
        (Status.COMPLETED, 1, first.request_id)
    }
    for neighbour in neighbours:
        assert [line["event"] for line in cloud.lines(neighbour)] == [Event.STARTED, Event.COMPLETED]
    assert hanging.status is Status.DEAD_LETTERED
    assert [each.error and each.error.type for each in hanging.attempts] == ["TimedOut"] * 3
    assert hanging.last_error
    assert hanging.last_error.type == "TimedOut"
    assert hanging.dead_lettered_at
    assert hanging.dead_lettered_at - first.started_at < timedelta(minutes=2)
