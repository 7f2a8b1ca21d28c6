"""A stack made of moto's queues and table: what the operator's tool sees of a deployment."""

import json
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from ops.aws import Aws
from ops.outputs import StackOutputs, parse_outputs
from ops.records import plain

TABLE = "taskguard-test-tasks"
_serialize = TypeSerializer().serialize
_FUNCTIONS = ("submit_task", "get_task", "process_task", "monitor_dlq")


def outputs_document(**changes: Any) -> dict[str, Any]:
    """Outputs as `pulumi stack output --json` prints them, with some changed, or removed (None)."""
    queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/taskguard-test"
    document = {
        "apiEndpoint": "https://api.test",
        "taskQueueUrl": f"{queue}-tasks",
        "deadLetterQueueUrl": f"{queue}-dead-letters",
        "tasksTableName": TABLE,
        "functionNames": {name: f"taskguard-test-{name.replace('_', '-')}" for name in _FUNCTIONS},
        "logGroupNames": {
            name: f"/aws/lambda/taskguard-test-{name.replace('_', '-')}" for name in _FUNCTIONS
        },
        "alarmTopicArn": "arn:aws:sns:eu-central-1:123456789012:taskguard-test-alarms",
        "dashboardUrl": "https://eu-central-1.console.aws.amazon.com/cloudwatch/home#dashboards/dashboard/x",
    }
    return {key: value for key, value in (document | changes).items() if value is not None}


@dataclass(frozen=True)
class MotoStack:
    """The stack's outputs and clients, and short ways to fill it."""

    outputs: StackOutputs
    aws: Aws

    @classmethod
    def created(cls) -> "MotoStack":
        """Create queues and table in moto; the outputs name moto's own URLs."""
        aws = Aws(parse_outputs(json.dumps(outputs_document()), "test"))
        urls = [
            aws.sqs.create_queue(QueueName=f"taskguard-test-{name}")["QueueUrl"]
            for name in ("tasks", "dead-letters")
        ]
        _create_table(aws)
        document = outputs_document(taskQueueUrl=urls[0], deadLetterQueueUrl=urls[1])
        outputs = parse_outputs(json.dumps(document), "test")
        return cls(outputs, Aws(outputs))

    def document(self) -> str:
        """The outputs as JSON text."""
        return json.dumps(
            outputs_document(
                taskQueueUrl=self.outputs.task_queue_url,
                deadLetterQueueUrl=self.outputs.dead_letter_queue_url,
            )
        )

    def put(self, record: dict[str, Any]) -> None:
        """Put a record of plain values."""
        item = {name: _serialize(value) for name, value in record.items()}
        self.aws.dynamodb.put_item(TableName=TABLE, Item=item)

    def get(self, task_id: str) -> dict[str, Any]:
        """Return a record as plain values."""
        return plain(self.aws.dynamodb.get_item(TableName=TABLE, Key={"taskId": {"S": task_id}})["Item"])

    def messages(self) -> list[dict[str, Any]]:
        """Receive all bodies from the task queue."""
        found: list[dict[str, Any]] = []
        while answer := self.aws.sqs.receive_message(
            QueueUrl=self.outputs.task_queue_url, MaxNumberOfMessages=10
        ).get("Messages"):
            found += [json.loads(message["Body"]) for message in answer]
        return found


def _create_table(aws: Aws) -> None:
    aws.dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "taskId", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("taskId", "deadLetterDay", "deadLetteredAt")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "deadLetters",
                "KeySchema": [
                    {"AttributeName": "deadLetterDay", "KeyType": "HASH"},
                    {"AttributeName": "deadLetteredAt", "KeyType": "RANGE"},
                ],
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": ["lastError", "createdAt", "generation", "status"],
                },
            }
        ],
    )
