"""Tasks whose messages are gone, on the local cloud: the operator's repair, and the waker without anybody."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.cloud import local_cloud
from ops.stack.aws import Aws
from ops.stack.outputs import from_document
from ops.stack.status import Depth, depth_of
from ops.tasks import read_records
from taskguard.model.clock import to_millis
from taskguard.model.record import SETTLED, Status
from tests.support.local_processes import DEADLINE_SECONDS, becomes_true

REPOSITORY = Path(__file__).resolve().parents[2]
# Every attempt at an id that ends in 3 fails, no other. The first wait is longer than pausing takes.
SETTINGS = {"failureRate": "0", "maxAttempts": "2", "backoffBaseSeconds": "30"}

pytestmark = pytest.mark.emulator


@dataclass(frozen=True)
class Cloud:
    """A local cloud with the program in it."""

    aws: Aws
    outputs_file: Path

    def ops(self, *args: str) -> str:
        """Run a command of the tool as a user does, and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "ops", *args, "--outputs", str(self.outputs_file)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def submit(self, task_id: str) -> None:
        """Submit a task."""
        with httpx.Client(trust_env=False, timeout=30) as client:
            answer = client.post(
                f"{self.aws.outputs.api_endpoint}/tasks", json={"taskId": task_id, "payload": 1}
            )
        assert answer.status_code == 202, answer.text

    def statuses(self, task_ids: list[str]) -> dict[str, Status]:
        """Read where the tasks stand."""
        table = self.aws.outputs.tasks_table_name
        found = read_records(self.aws.dynamodb, table, task_ids, fields=())
        return {task_id: record.status for task_id, record in found.items()}

    def settle(self, task_ids: list[str]) -> bool:
        """Wait until all have settled."""
        return becomes_true(lambda: set(self.statuses(task_ids).values()) <= SETTLED)

    def lose_messages(self, prefix: str) -> dict[str, Status]:
        """Leave a task in the middle of its retries and ten never tried without their messages, paused.

        Returns
        -------
        dict
            Where each of them will end.
        """
        retrying = f"{prefix}-3"
        self.submit(retrying)
        assert becomes_true(lambda: self.statuses([retrying]).get(retrying) is Status.RETRYING)
        self.ops("pause")
        untried = [f"{prefix}-{number}-new" for number in range(10)]
        for task_id in untried:
            self.submit(task_id)
        before = self.statuses([retrying, *untried])
        assert before == {retrying: Status.RETRYING, **dict.fromkeys(untried, Status.QUEUED)}
        self.aws.sqs.purge_queue(QueueUrl=self.aws.outputs.task_queue_url)
        assert depth_of(self.aws.sqs, self.aws.outputs.task_queue_url) == Depth()
        return {retrying: Status.DEAD_LETTERED, **dict.fromkeys(untried, Status.COMPLETED)}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    outputs_file = tmp_path_factory.mktemp("cloud") / "outputs.json"
    with local_cloud(overrides=SETTINGS, outputs_file=outputs_file) as outputs:
        yield Cloud(Aws(from_document(outputs, "the local cloud")), outputs_file)


def test_all_tasks_of_a_purged_queue_settle_after_repair(cloud: Cloud) -> None:
    ends = cloud.lose_messages("purged")
    assert cloud.ops("repair", "--assume-empty", "--no-wait") == "SENT: 11\nREFUSED: 0\nFAILED: 0\n"
    cloud.ops("resume")
    assert cloud.settle(list(ends))
    assert cloud.statuses(list(ends)) == ends


def test_tasks_whose_messages_expired_settle_by_the_waker_alone(cloud: Cloud) -> None:
    ends = cloud.lose_messages("expired")
    long_ago = to_millis(datetime.now(UTC) - timedelta(days=15))  # SQS keeps no message for longer than 14
    for task_id in ends:
        cloud.aws.dynamodb.update_item(
            TableName=cloud.aws.outputs.tasks_table_name,
            Key={"taskId": {"S": task_id}},
            UpdateExpression="SET sentAt = :long_ago",
            ExpressionAttributeValues={":long_ago": {"N": str(long_ago)}},
        )
    cloud.ops("resume")
    answer: Any = cloud.aws.lambda_.invoke(
        FunctionName=cloud.aws.outputs.function_names["wake_tasks"], Payload=json.dumps({"run": "scan"})
    )
    # Not all need to be counted: on a busy machine, a write may be repeated, and then finds itself done.
    assert 0 < json.loads(answer["Payload"].read())["rescued"] <= 11
    assert cloud.settle(list(ends))
    assert cloud.statuses(list(ends)) == ends
