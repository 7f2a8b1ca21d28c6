"""Rules about logs, alarms and the topic that alarms go to."""

from policy.rule import Messages, Resource, ResourceRule, given

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC = "aws:sns/topic:Topic"


def _retention(group: Resource) -> Messages:
    if not given(group, "retentionInDays"):
        yield "keeps its log for ever: set retentionInDays"


def _heard(alarm: Resource) -> Messages:
    for key in ("alarmActions", "okActions"):
        if not given(alarm, key):
            yield f"tells nobody: set {key}"


def _explained(alarm: Resource) -> Messages:
    for key in ("alarmDescription", "treatMissingData"):
        if not given(alarm, key):
            yield f"leaves open what it means: set {key}"


def _topic_encrypted(topic: Resource) -> Messages:
    if not given(topic, "kmsMasterKeyId"):
        yield "is not encrypted: set kmsMasterKeyId"


RULES = (
    ResourceRule("log-retention", "Logs end some day.", (LOG_GROUP,), _retention),
    ResourceRule("alarm-heard", "Going off and being over are both reported.", (ALARM,), _heard),
    ResourceRule(
        "alarm-explained", "Alarms say what they mean and what no data means.", (ALARM,), _explained
    ),
    ResourceRule("topic-encrypted", "Topics are encrypted at rest.", (TOPIC,), _topic_encrypted),
)
