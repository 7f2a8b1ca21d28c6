"""A stack made of moto's queues and table: what the operator's tool sees of a deployment."""

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

from ops.stack.aws import Aws
from ops.stack.outputs import FUNCTIONS, StackOutputs, parse_outputs
from ops.tasks import plain_attributes
from tests.ops.sample_records import item
from tests.support.aws_calls import create_tasks_table

TABLE = "taskguard-test-tasks"


def outputs_document(**changes: Any) -> dict[str, Any]:
    """Outputs as `pulumi stack output --json` prints them, with some changed, or removed (None)."""
    queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/taskguard-test"
    document = {
        "apiEndpoint": "https://api.test",
        "taskQueueUrl": f"{queue}-tasks",
        "deadLetterQueueUrl": f"{queue}-dead-letters",
        "tasksTableName": TABLE,
        "functionNames": {name: f"taskguard-test-{name.replace('_', '-')}" for name in FUNCTIONS},
        "logGroupNames": {name: f"/aws/lambda/taskguard-test-{name.replace('_', '-')}" for name in FUNCTIONS},
        "alarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:taskguard-test-alarms",
        "dashboardUrl": "https://eu-central-1.console.aws.amazon.com/cloudwatch/home#dashboards/dashboard/x",
    }
    return {key: value for key, value in (document | changes).items() if value is not None}


@dataclass(frozen=True)
class MotoStack:
    """The stack's clients, and short ways to fill it."""

    aws: Aws

    @classmethod
    def created(cls) -> "MotoStack":
        """Create queues and table in moto, which gives them the URLs that the outputs name."""
        aws = Aws(parse_outputs(json.dumps(outputs_document()), "test"))
        for url in (aws.outputs.task_queue_url, aws.outputs.dead_letter_queue_url):
            aws.sqs.create_queue(QueueName=url.rsplit("/", 1)[-1])
        create_tasks_table(aws.dynamodb, TABLE)
        return cls(aws)

    @property
    def outputs(self) -> StackOutputs:
        """The stack's outputs."""
        return self.aws.outputs

    def document(self) -> str:
        """The outputs as JSON text."""
        return json.dumps(outputs_document())

    def deploy_functions(self) -> None:
        """Create the functions that receive from the queues, with what the tool reads of them."""
        role = _create_role(self.aws)
        for key, environment in (("process_task", {"RECORD_TTL_DAYS": "30"}), ("monitor_dlq", {})):
            _create_function(self.aws, self.outputs.function_names[key], role, environment)

    def with_lane(self, lane: str) -> dict[str, Any]:
        """Give the stack another lane with its queue, function and mapping, and return its outputs."""
        self.deploy_consumers()
        url, function = f"{self.outputs.task_queue_url}-{lane}", f"taskguard-test-process-task-{lane}"
        self.aws.sqs.create_queue(QueueName=url.rsplit("/", 1)[-1])
        role = self.aws.session.client("iam").get_role(RoleName="role")["Role"]["Arn"]
        _create_function(self.aws, function, role, {})
        source = f"arn:aws:sqs:{self.outputs.region}:123456789012:{url.rsplit('/', 1)[-1]}"
        self.aws.lambda_.create_event_source_mapping(EventSourceArn=source, FunctionName=function)
        document = outputs_document()
        return document | {
            "taskQueueUrls": {"default": self.outputs.task_queue_url, lane: url},
            "functionNames": document["functionNames"] | {f"process_task_{lane}": function},
            "lanes": {"default": {"closed": False}, lane: {"closed": False}},
        }

    def deploy_consumers(self) -> None:
        """Give both queues their function and mapping; moto needs Docker for what is sent then."""
        self.deploy_functions()
        queues = {
            "process_task": self.outputs.task_queue_url,
            "monitor_dlq": self.outputs.dead_letter_queue_url,
        }
        for key, url in queues.items():
            source = f"arn:aws:sqs:{self.outputs.region}:123456789012:{url.rsplit('/', 1)[-1]}"
            self.aws.lambda_.create_event_source_mapping(
                EventSourceArn=source, FunctionName=self.outputs.function_names[key]
            )

    def put(self, record: dict[str, Any]) -> None:
        """Put a record of plain values."""
        self.aws.dynamodb.put_item(TableName=TABLE, Item=item(record))

    def get(self, task_id: str) -> dict[str, Any]:
        """Return a record as plain values."""
        answer = self.aws.dynamodb.get_item(TableName=TABLE, Key={"taskId": {"S": task_id}})
        return plain_attributes(answer["Item"])

    def messages(self, queue_url: str = "") -> list[dict[str, Any]]:
        """Receive all bodies from the task queue, or from another."""
        found: list[dict[str, Any]] = []
        while answer := self.aws.sqs.receive_message(
            QueueUrl=queue_url or self.outputs.task_queue_url, MaxNumberOfMessages=10
        ).get("Messages"):
            found += [json.loads(message["Body"]) for message in answer]
        return found


def _create_role(aws: Aws) -> str:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam = aws.session.client("iam")
    return str(iam.create_role(RoleName="role", AssumeRolePolicyDocument=policy)["Role"]["Arn"])


def _create_function(aws: Aws, function: str, role: str, environment: dict[str, str]) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("handler.py", "")
    code: Any = {"ZipFile": archive.getvalue()}
    aws.lambda_.create_function(
        FunctionName=function,
        Runtime="python3.13",
        Role=role,
        Handler="h.h",
        Code=code,
        Environment={"Variables": environment},
    )
