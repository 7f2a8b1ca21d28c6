"""Rules about queues: encrypted, TLS only, and nothing is lost after too many tries."""

import json
from collections.abc import Sequence

from pulumi_policy import PolicyResource

from policy.documents import statements
from policy.rule import Messages, Resource, ResourceRule, StackRule, given, made_of, of_type

QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
REDRIVE_ALLOW = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
INSECURE = {"Bool": {"aws:SecureTransport": "false"}}


def _encrypted(queue: Resource) -> Messages:
    if not given(queue, "sqsManagedSseEnabled") and not given(queue, "kmsMasterKeyId"):
        yield "is not encrypted: set sqsManagedSseEnabled, or kmsMasterKeyId"


def _tls_only(queue: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    policies = [each for each in of_type(stack, QUEUE_POLICY) if made_of(each, "queueUrl", queue)]
    if not any(_refuses_plain_text(policy) for policy in policies):
        yield "has no queue policy that denies sqs:* without TLS (aws:SecureTransport false)"


def _refuses_plain_text(policy: PolicyResource) -> bool:
    return any(
        statement.effect == "Deny"
        and statement.everyone
        and statement.actions == ["sqs:*"]
        and statement.condition == INSECURE
        for statement in statements(policy.props["policy"])
    )


def _dead_letters_kept(queue: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    if not given(queue, "redrivePolicy") and not _sources(queue, stack):
        yield "has no redrivePolicy and is no queue's dead-letter queue: what fails is tried until it is lost"


def _sources(queue: PolicyResource, stack: Sequence[PolicyResource]) -> list[PolicyResource]:
    return [each for each in of_type(stack, QUEUE) if made_of(each, "redrivePolicy", queue)]


def _redrive_restricted(queue: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    allowed = [each for each in of_type(stack, REDRIVE_ALLOW) if made_of(each, "queueUrl", queue)]
    if _sources(queue, stack) and not any(_by_queue(each) for each in allowed):
        yield "takes dead letters from any queue: name its sources in a RedriveAllowPolicy (byQueue)"


def _by_queue(allow: PolicyResource) -> bool:
    return bool(json.loads(allow.props["redriveAllowPolicy"]).get("redrivePermission") == "byQueue")


def _dead_letters_kept_longer(queue: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    # A message keeps its age when it is moved, so the dead-letter queue must keep messages longer:
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    for source in _sources(queue, stack):
        if queue.props["messageRetentionSeconds"] <= source.props["messageRetentionSeconds"]:
            yield f"keeps dead letters no longer than their source, {source.name}, keeps messages"


RULES = (
    ResourceRule("queue-encrypted", "Queues are encrypted at rest.", (QUEUE,), _encrypted),
    StackRule("queue-tls-only", "Queues refuse calls without TLS.", QUEUE, _tls_only),
    StackRule("queue-redrive", "What fails goes to a dead-letter queue.", QUEUE, _dead_letters_kept),
    StackRule(
        "queue-redrive-restricted",
        "A dead-letter queue names the queues that may use it.",
        QUEUE,
        _redrive_restricted,
    ),
    StackRule("queue-retention", "Dead letters outlive their source.", QUEUE, _dead_letters_kept_longer),
)
