"""Rules about what stores tasks: queues, the functions that consume them, and the table."""

import json
from collections.abc import Sequence

from pulumi_policy import PolicyResource

from policy.functions import FUNCTION
from policy.iam import statements
from policy.rule import Messages, Resource, ResourceRule, StackRule, given, in_production, made_of, of_type

QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
REDRIVE_ALLOW = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
TABLE = "aws:dynamodb/table:Table"

INSECURE = {"Bool": {"aws:SecureTransport": "false"}}


def _queue_encrypted(queue: Resource) -> Messages:
    if not given(queue, "sqsManagedSseEnabled") and not given(queue, "kmsMasterKeyId"):
        yield "is not encrypted: set sqsManagedSseEnabled, or kmsMasterKeyId"


def _queue_tls_only(queue: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    policies = [each for each in of_type(stack, QUEUE_POLICY) if made_of(each, "queueUrl", queue)]
    if not any(_denies_plain_http(policy) for policy in policies):
        yield "has no queue policy that denies sqs:* without TLS (aws:SecureTransport false)"


def _denies_plain_http(policy: PolicyResource) -> bool:
    return any(
        statement.effect == "Deny"
        and statement.everyone
        and statement.actions == ["sqs:*"]
        and statement.condition == INSECURE
        for statement in statements(policy.props["policy"])
    )


def _queue_redrive(queue: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    # Judged by what it is made of: the provider computes the property where the program gives none, so it is
    # unknown before the queue exists, and keeps its old value when the program no longer gives one.
    if not _targets(queue, stack) and not _sources(queue, stack):
        yield (
            "has no redrivePolicy made from a queue of this stack, and is no dead-letter queue: what fails "
            "is retried until it expires. (Taking the policy out of the program probably does not take it "
            "out of AWS: the provider leaves alone what it is not told.)"
        )


def _targets(queue: PolicyResource, stack: Sequence[PolicyResource]) -> list[PolicyResource]:
    return [each for each in of_type(stack, QUEUE) if made_of(queue, "redrivePolicy", each)]


def _sources(queue: PolicyResource, stack: Sequence[PolicyResource]) -> list[PolicyResource]:
    return [each for each in of_type(stack, QUEUE) if made_of(each, "redrivePolicy", queue)]


def _queue_redrive_restricted(queue: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    allowed = [each for each in of_type(stack, REDRIVE_ALLOW) if made_of(each, "queueUrl", queue)]
    if _sources(queue, stack) and not any(_by_queue(each) for each in allowed):
        yield "takes dead letters from any queue: name its sources in a RedriveAllowPolicy (byQueue)"


def _by_queue(allow: PolicyResource) -> bool:
    return bool(json.loads(allow.props["redriveAllowPolicy"]).get("redrivePermission") == "byQueue")


def _queue_retention(queue: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    # A message keeps its age when it is moved, so the dead-letter queue must keep messages longer:
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    for source in _sources(queue, stack):
        if queue.props["messageRetentionSeconds"] <= source.props["messageRetentionSeconds"]:
            yield f"keeps dead letters no longer than their source, {source.name}, keeps messages"


def _mapping_reports_failures(mapping: Resource) -> Messages:
    if "ReportBatchItemFailures" not in (mapping.props.get("functionResponseTypes") or []):
        yield "sends a whole batch back when one message fails: set functionResponseTypes"


def _mapping_limits_concurrency(mapping: Resource) -> Messages:
    if not (mapping.props.get("scalingConfig") or {}).get("maximumConcurrency"):
        yield "has no scalingConfig.maximumConcurrency: throttled invocations would use up receives"


def _mapping_visibility(mapping: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig
    window = mapping.props.get("maximumBatchingWindowInSeconds") or 0
    timeouts = [
        each.props["timeout"] for each in of_type(stack, FUNCTION) if made_of(mapping, "functionName", each)
    ]
    needed = 6 * max(timeouts, default=0) + window
    for queue in of_type(stack, QUEUE):
        if made_of(mapping, "eventSourceArn", queue) and queue.props["visibilityTimeoutSeconds"] < needed:
            yield f"needs a visibilityTimeoutSeconds of {needed:g} on {queue.name} (6 timeouts + window)"


def _table_encrypted(table: Resource) -> Messages:
    if not (table.props.get("serverSideEncryption") or {}).get("enabled"):
        yield "is encrypted with a key whose use is not logged: set serverSideEncryption.enabled"


def _table_recoverable(table: Resource) -> Messages:
    if not (table.props.get("pointInTimeRecovery") or {}).get("enabled"):
        yield "cannot be restored to the time before a mistake: set pointInTimeRecovery.enabled"


def _table_undeletable(table: Resource) -> Messages:
    if in_production(table) and not table.props.get("deletionProtectionEnabled"):
        yield "can be deleted: set deletionProtectionEnabled (taskguard:protectData)"
    yield from _undeletable(table)


def _undeletable(resource: Resource) -> Messages:
    if in_production(resource) and not resource.opts.protect:
        yield "can be deleted by Pulumi: set the resource option protect (taskguard:protectData)"


RULES = (
    ResourceRule("queue-encrypted", "Queues are encrypted at rest.", (QUEUE,), _queue_encrypted),
    StackRule("queue-tls-only", "Queues refuse calls without TLS.", QUEUE, _queue_tls_only),
    StackRule("queue-redrive", "What fails goes to a dead-letter queue.", QUEUE, _queue_redrive),
    StackRule(
        "queue-redrive-restricted",
        "A dead-letter queue names the queues that may use it.",
        QUEUE,
        _queue_redrive_restricted,
    ),
    ResourceRule("queue-undeletable", "Production's queues cannot be deleted.", (QUEUE,), _undeletable),
    StackRule(
        "queue-retention", "Dead letters are kept longer than other messages.", QUEUE, _queue_retention
    ),
    ResourceRule(
        "mapping-partial-responses",
        "A failing message does not fail its batch.",
        (MAPPING,),
        _mapping_reports_failures,
    ),
    ResourceRule(
        "mapping-maximum-concurrency",
        "A queue limits its own consumers.",
        (MAPPING,),
        _mapping_limits_concurrency,
    ),
    StackRule(
        "mapping-visibility",
        "Messages stay hidden until Lambda has given up on them.",
        MAPPING,
        _mapping_visibility,
    ),
    ResourceRule("table-encrypted", "Tables are encrypted with a key in KMS.", (TABLE,), _table_encrypted),
    ResourceRule("table-recoverable", "Tables have point-in-time recovery.", (TABLE,), _table_recoverable),
    ResourceRule("table-undeletable", "Production's tables cannot be deleted.", (TABLE,), _table_undeletable),
)
