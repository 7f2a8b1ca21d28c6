"""Mutations of conditions: the guards of writes, taken out of `taskguard.storage.conditions` one by one."""

from unittest.mock import patch

from taskguard.storage import conditions
from tests.proofs.simulation.mutations.mutation import Mutation, Patch
from tests.proofs.simulation.schedule import Fault, Schedule

ALWAYS = "attribute_not_exists(nothing)"
NEVER = "nothing = nothing"


def _replaced(condition: str, part: str, by: str) -> Patch:
    """Return the patch that replaces a part of a condition; raise `ValueError` if it is not a part of it."""
    before = getattr(conditions, condition)
    if part not in before:
        raise ValueError(f"{part} is no part of {condition} any more: {before}")
    return lambda: patch.object(conditions, condition, before.replace(part, by))


def _claim(part: str, by: str) -> Patch:
    return _replaced("CLAIMABLE", part, by)


def _claim_by_newer(part: str, by: str) -> Patch:
    return _replaced("CLAIMABLE_BY_NEWER", part, by)


def _bury(part: str, by: str) -> Patch:
    return _replaced("BURIABLE", part, by)


_NOT_OLDER = f"{conditions.MESSAGE_NOT_OLDER} AND "

MUTATIONS = (
    Mutation("claim: no condition at all", "delivered twice in a row", _claim(conditions.CLAIMABLE, ALWAYS)),
    Mutation(
        "claim: a completed task too",
        "delivered twice in a row",
        _claim(conditions.WAITS, f"({conditions.WAITS} OR #status <> :processing)"),
    ),
    Mutation(
        "claim: in spite of a live lease",
        "delivered twice at once",
        _claim(conditions.LEASE_OVER, "#status = :processing"),
    ),
    Mutation("claim: never after a lease", "success", _claim(conditions.LEASE_OVER, NEVER)),
    Mutation(
        "claim: by an older generation",
        "a stale message beside a redrive",
        _claim(conditions.SAME_GENERATION, "generation >= :generation"),
    ),
    Mutation(
        "claim: what was given up or is dead, by its own generation",
        "an old message of a dead letter",
        _claim(conditions.WAITS, f"({conditions.WAITS} OR NOT #status = :processing)"),
    ),
    Mutation(
        "claim: however many attempts are used up",
        "a worker killed at every attempt",
        _claim(conditions.ATTEMPTS_LEFT, ALWAYS),
    ),
    Mutation(
        "claim: before its time",
        "delivered twice in a row, failing",
        _claim(conditions.NOT_TOO_EARLY, ALWAYS),
    ),
    Mutation(
        "claim: into a full history",
        "a large task redriven thirty times",
        _claim(conditions.HISTORY_HAS_ROOM, ALWAYS),
    ),
    Mutation(
        "claim: only with a record",
        "written to the queue directly",
        _claim(conditions.NO_RECORD, NEVER),
    ),
    Mutation(
        "claim by a newer generation: what has ended",
        "a dead letter discarded beside a redrive",
        _claim_by_newer(conditions.NOT_ENDED, ALWAYS),
    ),
    Mutation(
        "claim by a newer generation: never",
        "operator's redrive until it works",
        _claim_by_newer(conditions.NEWER_MESSAGE, NEVER),
    ),
    Mutation(
        "report: by any worker while the task is tried",
        "a worker outlives its lease beside another",
        _replaced("MY_ATTEMPT", "leaseToken = :token", ALWAYS),
    ),
    Mutation(
        "report: by any worker at any time",
        "a worker outlives its lease and the task",
        _replaced("MY_ATTEMPT", conditions.MY_ATTEMPT, ALWAYS),
    ),
    Mutation(
        "exhaust: what is over",
        "killed at its last attempt, and two messages come",
        _replaced("EXHAUSTED", conditions.OPEN, ALWAYS),
        Schedule(turns=(0, 2, 2, 0, 0, 0, 1)),
    ),
    Mutation(
        "bury: no condition at all", "a dead letter of a running task", _bury(conditions.BURIABLE, ALWAYS)
    ),
    Mutation(
        "bury: a completed task too",
        "a dead letter of a running task",
        _bury(conditions.NOT_ENDED, ALWAYS),
    ),
    Mutation(
        "bury: a cancelled task too",
        "a dead letter discarded",
        _bury("#status <> :cancelled", ALWAYS),
    ),
    Mutation(
        "bury: in spite of a live lease",
        "a dead letter of a running task",
        _bury(conditions.NO_LIVE_LEASE, ALWAYS),
    ),
    Mutation("bury: by an older generation", "a stale dead letter after a redrive", _bury(_NOT_OLDER, "")),
    Mutation(
        "bury: though a fresh message keeps the task going",
        "in the net, though a fresh message was sent",
        _bury(conditions.THE_TASKS_OWN_END, ALWAYS),
    ),
    Mutation(
        "bury: what waits in the table",
        "in the net, though the task waits in the table",
        _bury(conditions.NOT_IN_TABLE, ALWAYS),
    ),
    Mutation(
        "bury: only what a worker gave up",
        "so many receives in vain that the net takes the message",
        _bury("sentAt <= :sent", NEVER),
    ),
    Mutation(
        "bury: only with a record",
        "a dead letter without record",
        _bury(conditions.NO_RECORD, NEVER),
    ),
    Mutation(
        "wake: whatever is due by now",
        "woken late, and asks again",
        _replaced("STILL_DUE", "dueAt = :due", "attribute_exists(dueAt)"),
        Schedule({23: Fault.OVERTAKEN}),
    ),
    Mutation(
        "rescue: whatever was sent meanwhile",
        "a purge, and two repairs at once",
        _replaced("STILL_STRANDED", conditions.STILL_STRANDED, ALWAYS),
    ),
    Mutation(
        "redrive: marks in any state",
        "operator's redrive overtaken",
        _replaced("STILL_THERE", conditions.STILL_THERE, ALWAYS),
    ),
    Mutation(
        "redrive: marks in any generation",
        "operator's redrive in vain",
        _replaced("STILL_THERE", "generation = :seen", ALWAYS),
    ),
    Mutation(
        "discard: a task that is being tried",
        "a dead letter discarded beside a redrive",
        _replaced("CANCELLABLE", conditions.CANCELLABLE, ALWAYS),
        Schedule(turns=(0, 0, 2, 0, 2, 2)),
    ),
    Mutation(
        "submit: over a record that exists",
        "a client that repeats when all is done",
        _replaced("NO_RECORD", conditions.NO_RECORD, ALWAYS),
    ),
)
