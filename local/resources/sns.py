"""Topics and who listens to them."""

from local.deployer.aws_clients import AwsClients
from local.resources.creator import Created, Creator
from local.resources.inputs import Inputs


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
    "aws:sns/topic:Topic": _topic,
    "aws:sns/topicPolicy:TopicPolicy": _topic_policy,
    "aws:sns/topicSubscription:TopicSubscription": _subscription,
}
