"""The functions as the program registers them, on moto: what each one calls, and what it logs.

They run through their handler strings with their registered environment, in the mock monitor's region and
account, so that the ARNs of what they call are those that their policies name.
"""

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws

from taskguard.kinds import DEFAULT_LANE, Kind, Kinds, Lane
from tests.proofs.conformance.template_types import SHAPES
from tests.support.events import Context, http_event, received
from tests.support.fake_outputs import ACCOUNT, REGION
from tests.support.program import ProgramRun

# Each other call is allowed by an action of its own name:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
KINDS = Kinds({"video": Kind("work.videos:cut", lane="slow")}, {DEFAULT_LANE: Lane(), "slow": Lane()})
"""A program with two lanes, and a kind whose module there is not."""

ACTIONS = {"DeleteMessageBatch": "DeleteMessage"}
"""The IAM action that allows a call, where it has another name."""


@dataclass(frozen=True, order=True)
class Call:
    """A call to AWS that a function made: an IAM action, and the ARN that it is about."""

    function: str
    action: str
    arn: str


@dataclass
class Deployed:
    """A stack whose functions are called like Lambda calls them.

    Attributes
    ----------
    calls
        Every call to AWS so far, also one that failed.
    """

    run: ProgramRun
    calls: set[Call] = field(default_factory=set)
    _sessions: dict[str, boto3.Session] = field(default_factory=dict)

    def __post_init__(self) -> None:
        session = boto3.Session(region_name=REGION)
        self.dynamodb, self.sqs = session.client("dynamodb"), session.client("sqs")
        self._create_stores()

    @property
    def table(self) -> str:
        """The table's name."""
        return str(self.run.exports["tasksTableName"])

    @property
    def task_queue(self) -> str:
        """The default lane's task queue's URL."""
        return str(self.run.exports["taskQueueUrl"])

    @property
    def slow_queue(self) -> str:
        """The other lane's task queue's URL."""
        return str(self.run.exports["taskQueueUrls"]["slow"])

    @property
    def dead_letter_queue(self) -> str:
        """The dead-letter queue's URL."""
        return str(self.run.exports["deadLetterQueueUrl"])

    def post(self, path: str, body: Any) -> Any:
        """Call submit_task through the API."""
        return self.invoke("submit-task", http_event("POST", path, body))

    def get(self, path: str) -> Any:
        """Call get_task through the API."""
        return self.invoke("get-task", http_event("GET", path))

    def deliver(self, function: str, queue: str, receive_count: int = 1, **environment: str) -> list[str]:
        """Hand what is visible on a queue to a function, take it off, and return what would come back."""
        records = self.receive(queue)
        for record in records:
            record["attributes"]["ApproximateReceiveCount"] = str(receive_count)
        response = self.invoke(function, {"Records": records}, **environment)
        self.delete(queue, records)
        return [each["itemIdentifier"] for each in response["batchItemFailures"]]

    def receive(self, queue: str) -> list[dict[str, Any]]:
        """Return what is visible on a queue, as records."""
        answer = self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"])
        return [received(message) for message in answer.get("Messages", [])]

    def delete(self, queue: str, records: list[dict[str, Any]]) -> None:
        """Take received messages off a queue."""
        for record in records:
            self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=record["receiptHandle"])

    def empty_queues(self) -> None:
        """Remove every message, also those that are delayed and would come up while something else runs.

        The queues are made anew: purging is allowed once a minute.
        """
        for queue in (*self.run.exports["taskQueueUrls"].values(), self.dead_letter_queue):
            self.sqs.delete_queue(QueueUrl=queue)
        self._create_queues()

    def wake(self, run: str) -> Any:
        """Call wake_tasks as one of its schedules does."""
        return self.invoke("wake-tasks", {"run": run})

    def change(self, task_id: str, expression: str, **values: Any) -> None:
        """Change a record, as time or somebody else would."""
        self.dynamodb.update_item(
            TableName=self.table,
            Key={"taskId": {"S": task_id}},
            UpdateExpression=expression,
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
        )

    def invoke(self, function: str, event: Mapping[str, Any], **environment: str) -> Any:
        """Call a function in a new execution environment; `environment` changes single variables."""
        inputs = self.run.one("aws:lambda/function:Function", function).inputs
        module_name, name = inputs["handler"].rsplit(".", 1)
        module = importlib.import_module(module_name)
        variables = {**inputs["environment"]["variables"], "FAILURE_RATE": "0", **environment}
        default_session = patch.object(boto3, "DEFAULT_SESSION", self._session(function))
        with patch.dict(os.environ, variables), default_session, _declaring_kinds(module):
            module.application.cache_clear()
            try:
                return getattr(module, name)(event, Context())
            finally:
                module.application.cache_clear()

    def _session(self, function: str) -> boto3.Session:
        """Return a session whose clients record their calls under the function's name."""
        if function not in self._sessions:
            session = self._sessions[function] = boto3.Session(region_name=REGION)
            session.events.register("before-parameter-build.*.*", self._recorder(function))
        return self._sessions[function]

    def _recorder(self, function: str) -> Callable[..., None]:
        def record(params: Mapping[str, Any], model: Any, **_: Any) -> None:
            service = model.service_model.service_name
            action = f"{service}:{ACTIONS.get(model.name, model.name)}"
            self.calls.add(Call(function, action, arn_of(service, params)))

        return record

    def _create_stores(self) -> None:
        for table in self.run.all("aws:dynamodb/table:Table"):
            known = SHAPES[table.type].properties(table.inputs)
            keys = ("TableName", "KeySchema", "AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes")
            self.dynamodb.create_table(**{key: known[key] for key in keys})
        self._create_queues()

    def _create_queues(self) -> None:
        for queue in self.run.all("aws:sqs/queue:Queue"):
            self.sqs.create_queue(QueueName=queue.inputs["name"])


def _declaring_kinds(module: ModuleType) -> AbstractContextManager[object]:
    reads_kinds = hasattr(module, "program_kinds")
    return patch.object(module, "program_kinds", lambda: KINDS) if reads_kinds else nullcontext()


def arn_of(service: str, params: Mapping[str, Any]) -> str:
    """Return the ARN of what a call is about."""
    place = f"{service}:{REGION}:{ACCOUNT}"
    if service == "sqs":
        return f"arn:aws:{place}:{params['QueueUrl'].rsplit('/', 1)[1]}"
    index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
    return f"arn:aws:{place}:table/{params['TableName']}{index}"


@contextmanager
def deployed(run: ProgramRun) -> Iterator[Deployed]:
    """Yield a stack on moto, which knows no account but this one."""
    nobody = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
    with patch.dict(os.environ, nobody), mock_aws():
        yield Deployed(run)
