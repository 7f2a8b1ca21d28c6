"""Every change of state as one conditional write, each condition with a name.

    submit      no record ---------------------------------------> QUEUED
    claim       QUEUED, RETRYING, no record, or PROCESSING whose
                lease has run out; attempts left, not too early;
                or whatever an older generation left open or dead -> PROCESSING (lease, attempt appended)
    complete    PROCESSING under my attempt ----------------------> COMPLETED
    fail        PROCESSING under my attempt ----------------------> RETRYING, or GIVING_UP
    postpone    PROCESSING under my attempt ----------------------> RETRYING, the attempt not counted
    exhaust     open, no live lease, no attempt left -------------> GIVING_UP
    bury        GIVING_UP, or open and its message is the dead
                letter; no live lease -----------------------------> DEAD_LETTERED
    wake        waits in the table, due ---------------------------> the same state, with a message
    rescue      open, its message is gone -------------------------> the same state, with a message
    redrive     DEAD_LETTERED -------------------------------------> QUEUED, next generation
    cancel      waiting or DEAD_LETTERED --------------------------> CANCELLED

The time of a lease:

    claim ---------------- lease ----------------| lease over: anybody may claim
      |  work, then complete, fail or postpone   |   a late report is refused, its token is gone
    PROCESSING                                 the invocation was stopped by Lambda

DynamoDB evaluates condition and update as one step (DynamoDB Developer Guide, "Condition expressions").
"""

NO_RECORD = "attribute_not_exists(taskId)"
SAME_GENERATION = "generation = :generation"
NEWER_MESSAGE = "generation < :generation"
MESSAGE_NOT_OLDER = "generation <= :generation"
ATTEMPTS_LEFT = "(attribute_not_exists(attemptsUsed) OR attemptsUsed < :max)"
ATTEMPTS_USED_UP = "attemptsUsed >= :max"
NOT_TOO_EARLY = "(attribute_not_exists(notBefore) OR notBefore <= :soon)"
HISTORY_HAS_ROOM = "(attribute_not_exists(attempts) OR size(attempts) < :room)"
LEASE_OVER = "(#status = :processing AND leaseUntil < :now)"
NO_LIVE_LEASE = "(#status <> :processing OR leaseUntil < :now)"
WAITS = "(#status = :queued OR #status = :retrying)"
OPEN = f"({WAITS} OR {LEASE_OVER})"
NOT_ENDED = "#status <> :completed AND #status <> :cancelled"
MY_ATTEMPT = "#status = :processing AND leaseToken = :token"

CLAIMABLE = (
    f"{NO_RECORD} OR ({SAME_GENERATION} AND {ATTEMPTS_LEFT} AND {NOT_TOO_EARLY} AND {HISTORY_HAS_ROOM}"
    f" AND {OPEN})"
)
CLAIMABLE_BY_NEWER = f"{NEWER_MESSAGE} AND {NOT_ENDED} AND {NO_LIVE_LEASE} AND {HISTORY_HAS_ROOM}"
EXHAUSTED = f"{SAME_GENERATION} AND {ATTEMPTS_USED_UP} AND {OPEN}"
# A dead letter that SQS moved by itself says nothing of a task that has a fresh message since, however short
# the time between (a postponed task's duplicate uses up its receives within minutes), or that waits
# in the table: unless it is the very message that the waker has sent, and not noted yet.
NOT_IN_TABLE = "(attribute_not_exists(dueAt) OR dueAt <= :woken)"
THE_TASKS_OWN_END = (
    f"(#status = :giving_up OR #status = :dead OR {NEWER_MESSAGE}"
    f" OR ({NOT_IN_TABLE} AND (attribute_not_exists(sentAt) OR sentAt <= :sent)))"
)
BURIABLE = f"{NO_RECORD} OR ({MESSAGE_NOT_OLDER} AND {NOT_ENDED} AND {NO_LIVE_LEASE} AND {THE_TASKS_OWN_END})"
STILL_DUE = "dueAt = :due AND generation = :generation"
STILL_STRANDED = "(#status = :queued OR #status = :retrying OR #status = :processing) AND sentAt = :seen"
STRANDED_BEFORE_SENT_AT = (
    "(#status = :queued OR #status = :retrying OR #status = :processing) AND attribute_not_exists(sentAt)"
)
STILL_THERE = "#status = :was AND generation = :seen"
CANCELLABLE = f"{SAME_GENERATION} AND ({OPEN} OR #status = :dead)"
HISTORY_AS_SEEN = (
    f"{NO_LIVE_LEASE} AND size(attempts) = :size"
    " AND (attribute_not_exists(attemptCount) OR attemptCount = :count)"
)
