"""SQS queues and SNS topics.

See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html and
https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html.
"""

from typing import TYPE_CHECKING, Any

from local.aws_clients import AwsClients
from local.resources.inputs import Created, Creator, Inputs

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
    # SQS takes FifoQueue=true or nothing.
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


def _topic(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.name()
    attributes = inputs.parameters("kmsMasterKeyId", "displayName", "policy")
    arn = aws.sns.create_topic(Name=name, Attributes=attributes, Tags=inputs.tag_list())["TopicArn"]
    return Created(arn, {"name": name, "arn": arn})


def _topic_policy(aws: AwsClients, inputs: Inputs) -> Created:
    arn = inputs.take("arn")
    aws.sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=inputs.take("policy"))
    return Created(arn)


def _subscription(aws: AwsClients, inputs: Inputs) -> Created:
    attributes = inputs.parameters("rawMessageDelivery", "filterPolicy", "filterPolicyScope")
    arn = aws.sns.subscribe(
        TopicArn=inputs.take("topic"),
        Protocol=inputs.take("protocol"),
        Endpoint=inputs.take("endpoint"),
        Attributes={name: str(value).lower() for name, value in attributes.items()},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return Created(arn, {"arn": arn})


CREATORS: dict[str, Creator] = {
    "aws:sqs/queue:Queue": _queue,
    "aws:sqs/queuePolicy:QueuePolicy": _attribute_setter("Policy", "policy"),
    "aws:sqs/redrivePolicy:RedrivePolicy": _attribute_setter("RedrivePolicy", "redrivePolicy"),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": _attribute_setter(
        "RedriveAllowPolicy", "redriveAllowPolicy"
    ),
    "aws:sns/topic:Topic": _topic,
    "aws:sns/topicPolicy:TopicPolicy": _topic_policy,
    "aws:sns/topicSubscription:TopicSubscription": _subscription,
}
