"""The table, the two queues and the four functions in one process, on moto, with a clock that tests move."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto import mock_aws

import get_task.handler
import monitor_dlq.handler
import process_task.handler
import submit_task.handler
import wake_tasks.handler
from get_task.handler import GetApi, GetSettings
from monitor_dlq.handler import MonitorSettings
from process_task.handler import ProcessSettings
from submit_task.handler import SubmitApi, SubmitSettings
from taskguard.edge.sqs import BatchResponse, Consumer
from taskguard.kinds import DEFAULT_LANE, Kinds
from taskguard.model.record import TaskRecord
from taskguard.redrive import Redriver
from taskguard.storage import aws
from taskguard.storage.queue import LaneQueues
from taskguard.storage.store import TaskStore
from tests.support.aws_calls import create_tasks_table
from tests.support.events import Context, http_event, received
from wake_tasks.handler import WakeRuns, WakeSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

TABLE = "tasks"
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class MovableClock:
    """A clock that stands still until a test moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """Return the seconds since `START`; a stand-in for `time.monotonic`."""
        return (self.now - START).total_seconds()

    def advance(self, seconds: float) -> None:
        """Move it by some seconds; a stand-in for `time.sleep`."""
        self.now += timedelta(seconds=seconds)


@dataclass
class System:
    """One deployed backend; handlers are built as in Lambda, only their clock is the test's."""

    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"
    queue_url: str
    dead_letter_url: str
    clock: MovableClock = field(default_factory=MovableClock)
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = environment(self.queue_url, self.dead_letter_url) | self.environment

    @property
    def store(self) -> TaskStore:
        return TaskStore(self.dynamodb, TABLE, ttl_days=30)

    @property
    def submitter(self) -> SubmitApi:
        # One at a time: moto checks a write's condition and writes in two steps, DynamoDB in one.
        settings = SubmitSettings.read(self.environment)
        return replace(submit_task.handler.build(settings, self.clock), workers=1)

    @property
    def getter(self) -> GetApi:
        return get_task.handler.build(GetSettings.read(self.environment))

    @property
    def processor(self) -> Consumer:
        return process_task.handler.build(ProcessSettings.read(self.environment), self.clock)

    @property
    def monitor(self) -> Consumer:
        return monitor_dlq.handler.build(MonitorSettings.read(self.environment), self.clock)

    @property
    def waker(self) -> WakeRuns:
        return wake_tasks.handler.build(WakeSettings.read(self.environment), self.clock)

    @property
    def redriver(self) -> Redriver:
        return Redriver(self.store, one_lane(self.sqs, self.queue_url), self.clock)

    def submit(self, body: Any, path: str = "/tasks", **changes: Any) -> dict[str, Any]:
        """Submit a body and return the answer with its body parsed."""
        return _parsed(self.submitter.handle(http_event("POST", path, body, **changes), Context()))  # type: ignore[arg-type]

    def get(self, task_id: str) -> dict[str, Any]:
        """Ask the API for a task and return the answer with its body parsed."""
        return _parsed(self.getter.handle(http_event("GET", f"/tasks/{task_id}"), Context()))  # type: ignore[arg-type]

    def process(self, *records: dict[str, Any], context: Context | None = None) -> list[str]:
        """Hand records to process_task and return the ids of those that come back."""
        return _failures(self.processor.consume({"Records": list(records)}, context or Context()))  # type: ignore[arg-type]

    def watch(self, *records: dict[str, Any]) -> list[str]:
        """Hand records to monitor_dlq and return the ids of those that come back."""
        return _failures(self.monitor.consume({"Records": list(records)}, Context()))  # type: ignore[arg-type]

    def wake(self, run: str = "due", context: Context | None = None) -> dict[str, int]:
        """Let the scheduler call wake_tasks and return how many tasks it woke and rescued."""
        return self.waker.handle({"run": run}, context or Context(remaining_ms=120_000))  # type: ignore[arg-type]

    def receive(self, url: str = "") -> list[dict[str, Any]]:
        """Receive what is visible on the task queue (or another), as records."""
        answer = self.sqs.receive_message(
            QueueUrl=url or self.queue_url, MaxNumberOfMessages=10, AttributeNames=["All"]
        )
        return [received(message) for message in answer.get("Messages", [])]

    def record(self, task_id: str) -> TaskRecord:
        """Return a record that must exist."""
        record = self.store.get(task_id)
        assert record is not None
        return record

    def item(self, task_id: str) -> dict[str, Any]:
        """Return the raw item."""
        return self.dynamodb.get_item(TableName=TABLE, Key={"taskId": {"S": task_id}})["Item"]


def one_lane(client: Any, queue_url: str) -> LaneQueues:
    """Return the queues of a program that declares nothing: the default lane's alone."""
    return LaneQueues(client, {DEFAULT_LANE: queue_url}, Kinds.of(None))


def environment(queue_url: str, dead_letter_url: str) -> dict[str, str]:
    """Return all four functions' environment, as the program sets it, without simulated failures."""
    return {
        "TASKS_TABLE_NAME": TABLE,
        "TASK_QUEUE_URLS": json.dumps({"default": queue_url}),
        "LANE": "default",
        "DEAD_LETTER_QUEUE_URL": dead_letter_url,
        "MAX_ATTEMPTS": "3",
        "BACKOFF_BASE_SECONDS": "5",
        "MAX_BACKOFF_SECONDS": "900",
        "BACKOFF_JITTER": "0",
        "TASK_DEADLINE_DAYS": "7",
        "TASK_RETENTION_DAYS": "4",
        "RECORD_TTL_DAYS": "30",
        "DEAD_LETTER_TTL_DAYS": "180",
        "LOG_DEAD_LETTER_PAYLOAD": "true",
        "FAILURE_RATE": "0",
        "PERMANENT_FAILURE_SUFFIX": "",
        "SIMULATION_SEED": "",
        "POWERTOOLS_SERVICE_NAME": "taskguard-test",
        "POWERTOOLS_METRICS_NAMESPACE": "TaskGuard",
    }


@contextmanager
def running_system(**changes: str) -> Iterator[System]:
    """Yield a system on moto; ``changes`` replace keys of the functions' environment."""
    # Handlers are built for every call; a client takes longer to make than to use.
    made_once = (patch.object(aws, name, cache(getattr(aws, name))) for name in ("dynamodb", "sqs"))
    with mock_aws(), ExitStack() as stack:
        for each in made_once:
            stack.enter_context(each)
        dynamodb, sqs = aws.dynamodb(), aws.sqs()
        create_tasks_table(dynamodb, TABLE)
        tasks = sqs.create_queue(QueueName="tasks")["QueueUrl"]
        dead_letters = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
        yield System(dynamodb, sqs, tasks, dead_letters, environment=changes)


def _parsed(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {"body": json.loads(answer["body"])}


def _failures(response: BatchResponse) -> list[str]:
    return [item["itemIdentifier"] for item in response["batchItemFailures"]]
