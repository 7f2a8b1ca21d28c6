"""Mutations of conditions: the guards of writes, taken out of `taskguard.storage.transitions` one by one."""

from unittest.mock import patch

from taskguard.storage import transitions
from tests.proofs.simulation.mutations.mutation import Mutation, Patch

ALWAYS = "attribute_not_exists(nothing)"
NEVER = "nothing = nothing"


def _replaced(condition: str, part: str, by: str) -> Patch:
    """Return the patch that replaces a part of a condition; raise `ValueError` if it is not a part of it."""
    before = getattr(transitions, condition)
    if part not in before:
        raise ValueError(f"{part} is no part of {condition} any more: {before}")
    return lambda: patch.object(transitions, condition, before.replace(part, by))


def _claim(part: str, by: str) -> Patch:
    return _replaced("CLAIMABLE", part, by)


def _bury(part: str, by: str) -> Patch:
    return _replaced("BURIABLE", part, by)


_NOT_OLDER = f"{transitions.MESSAGE_NOT_OLDER} AND "

MUTATIONS = (
    Mutation("claim: no condition at all", "delivered twice in a row", _claim(transitions.CLAIMABLE, ALWAYS)),
    Mutation(
        "claim: a completed task too",
        "delivered twice in a row",
        _claim(transitions.QUEUED, f"{transitions.QUEUED} OR #status = :completed"),
    ),
    Mutation(
        "claim: in spite of a live lease",
        "delivered twice at once",
        _claim(transitions.LEASE_OVER, "#status = :processing"),
    ),
    Mutation("claim: never after a lease", "success", _claim(transitions.LEASE_OVER, NEVER)),
    Mutation("claim: by an older generation", "a stale message beside a redrive", _claim(_NOT_OLDER, "")),
    Mutation(
        "claim: after a permanent failure",
        "permanent failure",
        _claim(transitions.RETRY_DUE, "#status = :retrying"),
    ),
    Mutation(
        "claim: a dead letter by any message",
        "a dead letter of a task that fails",
        _claim(transitions.SENT_AFTER_BURIAL, "#status = :dead"),
    ),
    Mutation(
        "claim: a dead letter by no message",
        "native SQS redrive after the record",
        _claim(transitions.SENT_AFTER_BURIAL, NEVER),
    ),
    Mutation(
        "claim: only with a record",
        "written to the queue directly",
        _claim(transitions.NO_RECORD, NEVER),
    ),
    Mutation(
        "report: by any worker while the task is tried",
        "a worker outlives its lease beside another",
        _replaced("MY_ATTEMPT", "leaseToken = :token", ALWAYS),
    ),
    Mutation(
        "report: by any worker at any time",
        "a worker outlives its lease and the task",
        _replaced("MY_ATTEMPT", transitions.MY_ATTEMPT, ALWAYS),
    ),
    Mutation(
        "bury: no condition at all", "a dead letter of a running task", _bury(transitions.BURIABLE, ALWAYS)
    ),
    Mutation(
        "bury: a completed task too",
        "a dead letter of a running task",
        _bury(transitions.NOT_COMPLETED, ALWAYS),
    ),
    Mutation(
        "bury: in spite of a live lease",
        "a dead letter of a running task",
        _bury(transitions.NO_LIVE_LEASE, ALWAYS),
    ),
    Mutation("bury: by an older generation", "a stale dead letter after a redrive", _bury(_NOT_OLDER, "")),
    Mutation(
        "bury: only with a record",
        "a dead letter without record",
        _bury(transitions.NO_RECORD, NEVER),
    ),
    Mutation(
        "redrive: marks in any state",
        "operator's redrive overtaken",
        _replaced("STILL_DEAD", transitions.STILL_DEAD, ALWAYS),
    ),
    Mutation(
        "redrive: marks in any generation",
        "operator's redrive in vain",
        _replaced("STILL_DEAD", "generation = :seen", ALWAYS),
    ),
    Mutation(
        "submit: over a record that exists",
        "a client that repeats when all is done",
        _replaced("NO_RECORD", transitions.NO_RECORD, ALWAYS),
    ),
)
