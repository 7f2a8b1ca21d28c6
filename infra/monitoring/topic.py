"""The topic that alarms are sent to, with its key, its policy and its subscriber."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components import iam
from infra.components.scope import ComponentArgs, Place

CLOUDWATCH = "cloudwatch.amazonaws.com"
# The shortest that KMS allows: the topic keeps no messages that would have to be decrypted later.
KEY_DELETION_DAYS = 7


@dataclass(frozen=True)
class AlarmTopicArgs(ComponentArgs):
    """Arguments of `AlarmTopic`.

    Attributes
    ----------
    place
        Partition, region and account of the stack.
    email
        Address that alarms are mailed to; empty for nobody.
    """

    place: pulumi.Output[Place]
    email: str


class AlarmTopic(pulumi.ComponentResource):
    """Creates the topic `taskguard-<stack>-<name>`, its key, its policy, and the subscription of an address.

    It has a key of its own, because CloudWatch cannot publish to a topic that AWS's managed key encrypts:
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlarmTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("taskguard:topic:AlarmTopic", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        topic_name = args.scope.name(name)
        key = aws.kms.Key(
            f"{name}-key",
            description=f"Encrypts the topic {topic_name}",
            enable_key_rotation=True,
            deletion_window_in_days=KEY_DELETION_DAYS,
            policy=iam.document(args.place.apply(lambda place: _key_statements(place, args.scope.prefix))),
            tags=args.scope.tags,
            opts=child,
        )
        topic = aws.sns.Topic(
            name, name=topic_name, kms_master_key_id=key.arn, tags=args.scope.tags, opts=child
        )
        aws.sns.TopicPolicy(
            f"{name}-policy",
            arn=topic.arn,
            policy=iam.document(
                pulumi.Output.all(topic.arn, args.place).apply(
                    lambda known: _topic_statements(known[0], known[1], args.scope.prefix)
                )
            ),
            opts=child,
        )
        if args.email:
            aws.sns.TopicSubscription(
                f"{name}-email", topic=topic.arn, protocol="email", endpoint=args.email, opts=child
            )
        self.arn = topic.arn
        self.register_outputs({"arn": self.arn})


def _key_statements(place: Place, prefix: str) -> list[iam.Statement]:
    """Return the policy of the topic's key: the account administers it, this stack's alarms may use it.

    It has two wildcards. The resource `*` is the key itself, which its own policy cannot name otherwise;
    `kms:*` lets IAM policies grant access to the key: without it, not even its owner could delete it:
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    """
    owner = {"Sid": "OwnKey", "Effect": "Allow", "Principal": {"AWS": place.account_root}}
    use = ["kms:Decrypt", "kms:GenerateDataKey"]
    return [
        {**owner, "Action": "kms:*", "Resource": "*"},
        iam.allow_service("EncryptAlarms", CLOUDWATCH, use, "*", _own_alarms(place, prefix)),
    ]


def _topic_statements(topic_arn: str, place: Place, prefix: str) -> list[iam.Statement]:
    """Return the topic's policy: this stack's alarms alone may publish, and only over TLS."""
    return [
        iam.allow_service(
            "PublishAlarms", CLOUDWATCH, ["sns:Publish"], topic_arn, _own_alarms(place, prefix)
        ),
        iam.deny_without_tls(["sns:Publish"], topic_arn),
    ]


def _own_alarms(place: Place, prefix: str) -> dict[str, dict[str, str]]:
    """Return the condition that CloudWatch acts for an alarm of this stack, and not for someone else's.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    return {
        "ArnLike": {"aws:SourceArn": place.arn("cloudwatch", f"alarm:{prefix}-*")},
        "StringEquals": {"aws:SourceAccount": place.account},
    }
