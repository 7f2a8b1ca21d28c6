"""Rules about functions that consume queues: a failure harms no neighbour, no try is used up in vain."""

from collections.abc import Sequence

from pulumi_policy import PolicyResource

from policy.functions import FUNCTION
from policy.queues import QUEUE
from policy.rule import Messages, Resource, ResourceRule, StackRule, made_of, of_type

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"


def _partial_responses(mapping: Resource) -> Messages:
    if "ReportBatchItemFailures" not in (mapping.props.get("functionResponseTypes") or []):
        yield "sends a whole batch back when one message fails: set functionResponseTypes"


def _bounded(mapping: Resource) -> Messages:
    if not (mapping.props.get("scalingConfig") or {}).get("maximumConcurrency"):
        yield "has no scalingConfig.maximumConcurrency: throttled deliveries would use up tries"


def _visible_late_enough(mapping: PolicyResource, stack: Sequence[PolicyResource]) -> Messages:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig
    window = mapping.props.get("maximumBatchingWindowInSeconds") or 0
    timeouts = [
        each.props["timeout"] for each in of_type(stack, FUNCTION) if made_of(mapping, "functionName", each)
    ]
    needed = 6 * max(timeouts, default=0) + window
    for queue in of_type(stack, QUEUE):
        if made_of(mapping, "eventSourceArn", queue) and queue.props["visibilityTimeoutSeconds"] < needed:
            yield f"needs a visibilityTimeoutSeconds of {needed:g} on {queue.name} (6 timeouts + window)"


RULES = (
    ResourceRule(
        "mapping-partial-responses",
        "A failing message does not fail its batch.",
        (MAPPING,),
        _partial_responses,
    ),
    ResourceRule("mapping-maximum-concurrency", "A queue bounds its own consumers.", (MAPPING,), _bounded),
    StackRule(
        "mapping-visibility",
        "Messages stay hidden until Lambda has given up on them.",
        MAPPING,
        _visible_late_enough,
    ),
)
