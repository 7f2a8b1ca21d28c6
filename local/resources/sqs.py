"""Queues. See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html."""

from typing import TYPE_CHECKING, Any

from local.deployer.aws_clients import AwsClients
from local.resources.creator import Created, Creator
from local.resources.inputs import Inputs

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeNameType

_ATTRIBUTES = {
    "VisibilityTimeout": "visibilityTimeoutSeconds",
    "MessageRetentionPeriod": "messageRetentionSeconds",
    "DelaySeconds": "delaySeconds",
    "ReceiveMessageWaitTimeSeconds": "receiveWaitTimeSeconds",
    "MaximumMessageSize": "maxMessageSize",
    "SqsManagedSseEnabled": "sqsManagedSseEnabled",
    "KmsMasterKeyId": "kmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds": "kmsDataKeyReusePeriodSeconds",
    "Policy": "policy",
    "RedrivePolicy": "redrivePolicy",
    "RedriveAllowPolicy": "redriveAllowPolicy",
    "FifoQueue": "fifoQueue",
    "ContentBasedDeduplication": "contentBasedDeduplication",
}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _queue(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.name()
    attributes: dict[Any, str] = {
        name: _text(value) for name, value in inputs.parameters(**_ATTRIBUTES).items()
    }
    # SQS knows no FifoQueue=false: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    attributes = {key: value for key, value in attributes.items() if (key, value) != ("FifoQueue", "false")}
    url = aws.sqs.create_queue(QueueName=name, Attributes=attributes, tags=inputs.tags())["QueueUrl"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Created(url, {"url": url, "arn": arn, "name": name})


def _attribute_setter(attribute: "QueueAttributeNameType", key: str) -> Creator:
    def set_attribute(aws: AwsClients, inputs: Inputs) -> Created:
        url = inputs.take("queueUrl")
        aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={attribute: inputs.take(key)})
        return Created(url)

    return set_attribute


CREATORS: dict[str, Creator] = {
    "aws:sqs/queue:Queue": _queue,
    "aws:sqs/queuePolicy:QueuePolicy": _attribute_setter("Policy", "policy"),
    "aws:sqs/redrivePolicy:RedrivePolicy": _attribute_setter("RedrivePolicy", "redrivePolicy"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _attribute_setter(
        "RedriveAllowPolicy", "redriveAllowPolicy"
    ),
}
