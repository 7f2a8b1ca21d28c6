"""The topic that alarms are sent to: who may publish, and who is told."""

from tests.infra.expected import PLACE, TOPIC_ARN
from tests.support.fake_outputs import ACCOUNT
from tests.support.program import ProgramRun

OWN_ALARMS = {
    "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{PLACE}:alarm:taskguard-dev-*"},
    "StringEquals": {"aws:SourceAccount": ACCOUNT},
}


def test_the_topic_is_encrypted_with_a_key_of_its_own_that_rotates(dev: ProgramRun) -> None:
    key = dev.one("aws:kms/key:Key", "alarms-key")
    topic = dev.one("aws:sns/topic:Topic", "alarms").inputs
    assert topic["kmsMasterKeyId"] == f"arn:aws:kms:{PLACE}:key/alarms-key"
    assert key.inputs["enableKeyRotation"] is True


def test_cloudwatch_may_use_the_key_for_this_stacks_alarms_alone(
    dev: ProgramRun,
) -> None:
    owner, service = dev.one("aws:kms/key:Key", "alarms-key").json("policy")["Statement"]
    assert owner == {
        "Sid": "OwnKey",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    assert service == {
        "Sid": "EncryptAlarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": OWN_ALARMS,
    }


def test_only_this_stacks_alarms_may_publish_and_only_over_tls(dev: ProgramRun) -> None:
    publish, tls = dev.one("aws:sns/topicPolicy:TopicPolicy", "alarms-policy").json("policy")["Statement"]
    assert publish == {
        "Sid": "PublishAlarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["sns:Publish"],
        "Resource": TOPIC_ARN,
        "Condition": OWN_ALARMS,
    }
    assert tls == {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["sns:Publish"],
        "Resource": TOPIC_ARN,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def test_alarms_are_mailed_to_the_configured_address_or_to_nobody(dev: ProgramRun, tuned: ProgramRun) -> None:
    subscription = "aws:sns/topicSubscription:TopicSubscription"
    assert dev.all(subscription) == []
    assert tuned.one(subscription, "alarms-email").inputs == {
        "topic": TOPIC_ARN,
        "protocol": "email",
        "endpoint": "ops@example.com",
    }
