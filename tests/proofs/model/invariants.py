"""What must hold in every state and at every step, told without the product's conditions."""

from collections.abc import Iterator

from tests.proofs.model.moves import Move
from tests.proofs.model.state import SECOND, TASKS, Process, Snapshot, State

SETTLED = ("COMPLETED", "DEAD_LETTERED", "CANCELLED")
WAKERS = 1200 * SECOND
"""The waker sends a message at most a quarter of an hour before its time; clocks differ by five minutes."""
ENDED = ("COMPLETED", "CANCELLED")


def violations(before: State, move: Move, max_attempts: int) -> Iterator[str]:
    """Return what a move breaks."""
    if move.call and move.call.operation == "work":
        yield from _performed(before)
    if before.record is not move.after.record and move.after.record:
        yield from _written(before, move, move.after.record, max_attempts)
    if _is_stranded(move.after):
        yield "the task is open with no message, no dueAt, no lease and no process"


def is_settled(state: State) -> bool:
    """Tell whether nothing more happens to the task by itself."""
    return state.record is not None and state.record.status in SETTLED


def _performed(before: State) -> Iterator[str]:
    if before.ended:
        yield "work is performed although the task had ended"


def _written(before: State, move: Move, after: Snapshot, max_attempts: int) -> Iterator[str]:
    if after.counted(after.generation) > max_attempts:
        yield f"more than {max_attempts} attempts are made in one generation"
    if after.status not in SETTLED and after.counted(after.generation) != after.attempts_used:
        yield "attemptsUsed is not the number of this generation's attempts"
    was = before.record
    if was is None:
        return
    yield from _left_its_end(before, was, after)
    yield from _living_attempt(before, move, was, after)
    if len(after.attempts) > len(was.attempts) and after.generation == was.generation:
        earliest = max(was.not_before or 0, was.due_at or 0)
        if earliest > before.now + SECOND:
            yield "an attempt begins before its time"
    if after.status == "DEAD_LETTERED" and was.status in ("QUEUED", "RETRYING", "PROCESSING"):
        yield from _buried_open(before, move.process, was)


def _left_its_end(before: State, was: Snapshot, after: Snapshot) -> Iterator[str]:
    if was.status in ENDED and after.status != was.status:
        yield f"a task that was {was.status} is {after.status}"
    if was.status == "DEAD_LETTERED" and after.status not in ("DEAD_LETTERED", "CANCELLED"):
        if after.generation <= was.generation:
            yield "a dead letter is revived without a new generation"
        if after.generation > 1 + before.operator:
            yield "a dead letter is revived without an operator"


def _living_attempt(before: State, move: Move, was: Snapshot, after: Snapshot) -> Iterator[str]:
    if was.status != "PROCESSING" or was.lease_until is None or was.lease_until < before.now:
        return
    alive = any(each.token == was.token and not each.late for each in before.processes)
    mine = move.process is not None and move.process.token == was.token
    same = (after.status, after.token, after.lease_until, after.generation) == (
        was.status,
        was.token,
        was.lease_until,
        was.generation,
    )
    if alive and not mine and not same:
        yield f"a living attempt is overwritten: the task is {after.status}"


def _buried_open(before: State, process: Process | None, was: Snapshot) -> Iterator[str]:
    letter = process.message if process else None
    if letter is None or letter.generation > was.generation:
        return
    if was.due_at is not None and was.due_at > letter.sent_at + WAKERS:
        yield "a task that waits in the table is buried"
    fresh = [
        each
        for each in before.messages
        if each.queue == TASKS
        and each.generation == was.generation
        and each.sent_at > letter.sent_at + 300 * SECOND
    ]
    # While the record has a due time, a message that a waker has sent is not noted yet: see the rule above.
    if fresh and was.due_at is None:
        yield "a task that a fresh message keeps going is buried"


def _is_stranded(state: State) -> bool:
    """Tell whether nothing will ever move an open task again; what SQS forgets, a rescue brings back."""
    if state.messages or state.processes or state.forgotten or is_settled(state):
        return False
    return state.record is None or state.record.due_at is None
