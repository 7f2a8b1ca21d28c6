"""What must hold at every step: writes to records, starts of work, and deletions of messages."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from taskguard.model.clock import to_millis
from taskguard.model.record import ATTEMPTS_KEPT
from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.table import Item
from tests.proofs.simulation.history import RecordWritten, WorkStarted
from tests.proofs.simulation.simulator import Simulator

_ENDED = ("COMPLETED", "CANCELLED")
_NEXT = {
    "QUEUED": {"PROCESSING", "GIVING_UP", "DEAD_LETTERED", "CANCELLED"},
    "RETRYING": {"PROCESSING", "GIVING_UP", "DEAD_LETTERED", "CANCELLED"},
    "PROCESSING": {"COMPLETED", "RETRYING", "GIVING_UP", "DEAD_LETTERED", "CANCELLED"},
    "GIVING_UP": {"DEAD_LETTERED"},
    "DEAD_LETTERED": {"CANCELLED"},
    "COMPLETED": set(),
    "CANCELLED": set(),
}
"""What follows each state in the same generation."""

_NEXT_BY_NEWER = {state: {"PROCESSING", "DEAD_LETTERED"} for state in _NEXT if state not in _ENDED} | {
    state: {"QUEUED", "PROCESSING", "DEAD_LETTERED"} for state in ("GIVING_UP", "DEAD_LETTERED")
}
"""What follows each state when a generation begins: nobody but an operator begins one."""

_FIXED = ("payload", "payloadHash", "createdAt")


def what_has_ended_never_changes(sim: Simulator) -> Iterator[str]:
    """A record that is COMPLETED or CANCELLED never changes again."""
    for before, after in _changes(sim):
        if _status(before.item) in _ENDED and after.item != before.item:
            yield f"task {after.task} became {_status(after.item)} after {_status(before.item)}"


def states_follow_each_other_as_designed(sim: Simulator) -> Iterator[str]:
    """No state is left but for one that may follow; what was given up or dead only for a new generation."""
    for before, after in _changes(sim):
        old, new = _status(before.item), _status(after.item)
        newer = _generation(after.item) > _generation(before.item)
        if old != new and new not in (_NEXT_BY_NEWER if newer else _NEXT).get(old, ()):
            yield f"task {after.task} became {new} after {old}" + " in a new generation" * newer


def no_generation_has_more_attempts_than_allowed(sim: Simulator) -> Iterator[str]:
    """A generation has `maxAttempts` attempts, those not counted that the work postponed."""
    counted: Counter[tuple[str, int]] = Counter()
    for before, after in _changes(sim, from_nothing=True):
        key = after.task, _generation(after.item)
        if _is_claim(before, after):
            counted[key] += 1
        elif before and _is_postponement(before, after):
            counted[key] -= 1
        if counted[key] > settings.MAX_ATTEMPTS:
            yield f"task {after.task} was tried {counted[key]} times in generation {key[1]}"


def a_postponed_attempt_is_not_counted(sim: Simulator) -> Iterator[str]:
    """An attempt whose work asked for a later call is taken back from those used up."""
    for before, after in _changes(sim):
        used, left = (int(write.item.get("attemptsUsed", {"N": "0"})["N"]) for write in (before, after))
        if _is_postponement(before, after) and left != used - 1:
            yield f"task {after.task} was postponed and has used {left} attempts after {used}"


def nothing_is_tried_before_its_time(sim: Simulator) -> Iterator[str]:
    """An attempt begins at most a second before the wait is over, unless a redrive began a new generation."""
    for before, after in _changes(sim):
        until = int(before.item.get("notBefore", {"N": "0"})["N"])
        same = _generation(before.item) == _generation(after.item)
        if _is_claim(before, after) and same and to_millis(after.at) < until - 1000:
            yield f"task {after.task} was tried {(until - to_millis(after.at)) / 1000} s too early"


def indexes_tell_the_truth(sim: Simulator) -> Iterator[str]:
    """Dead letters and nothing else are in their index; what waits in the table is not running or over."""
    for write in sim.history.of(RecordWritten):
        status = _status(write.item)
        if ("deadLetteredAt" in write.item) != (status == "DEAD_LETTERED"):
            yield f"task {write.task} is {status}, and in the wrong index of dead letters"
        if "dueAt" in write.item and status not in ("QUEUED", "RETRYING"):
            yield f"task {write.task} is {status} and waits in the table"


def a_history_is_bounded(sim: Simulator) -> Iterator[str]:
    """A record keeps a limited number of attempts, and counts all."""
    for write in sim.history.of(RecordWritten):
        if len(_attempts(write.item)) > ATTEMPTS_KEPT:
            yield f"task {write.task} keeps {len(_attempts(write.item))} attempts"
    for before, after in _changes(sim, from_nothing=True):
        more = _attempt_count(after.item) - (_attempt_count(before.item) if before else 0)
        if more != _is_claim(before, after):
            yield f"task {after.task} counted {more} attempts where it should not"


def history_only_grows(sim: Simulator) -> Iterator[str]:
    """Attempts are added and ended, never lost or rewritten; generations only rise.

    Three exceptions: a full history is cut in the middle, neighbours that were postponed become one, and a
    record that is too large to be buried is buried without its history.
    """
    for before, after in _changes(sim):
        lost = [name for name in _FIXED if after.item.get(name) != before.item.get(name)]
        if lost:
            yield f"task {after.task} changed its {', '.join(lost)}"
        if _generation(after.item) < _generation(before.item):
            yield f"task {after.task} fell back to generation {_generation(after.item)}"
        if not _history_continues(before, after):
            yield f"task {after.task} lost or rewrote an attempt"


def a_live_lease_is_respected(sim: Simulator) -> Iterator[str]:
    """Until a lease ends, nobody but its holder changes the record; others may note a message (`sentAt`)."""
    for before, after in _changes(sim):
        until = int(before.item.get("leaseUntil", {"N": "0"})["N"])
        live = _status(before.item) == "PROCESSING" and until >= to_millis(after.at)
        if live and after.process_id != _claimer(sim, before) and not _only_notes_message(before, after):
            yield f"task {after.task} was made {_status(after.item)} by another under a live lease"


def only_the_last_claimer_reports(sim: Simulator) -> Iterator[str]:
    """COMPLETED and RETRYING are written by the worker that claimed the task last, and nobody else."""
    for before, after in _changes(sim):
        if _status(after.item) == _status(before.item) and _attempts(after.item) == _attempts(before.item):
            continue  # a message was noted
        late = _status(before.item) != "PROCESSING" or _claimer(sim, before) != after.process_id
        if late and _status(after.item) in ("COMPLETED", "RETRYING"):
            yield f"task {after.task} was made {_status(after.item)} by a worker that had lost it"


def _changes(sim: Simulator, *, from_nothing: bool = False) -> Iterator[tuple[Any, RecordWritten]]:
    """Yield neighbouring writes of each record; the first with None before it, if that is asked for."""
    by_task: dict[str, list[Any]] = {}
    for write in sim.history.of(RecordWritten):
        by_task.setdefault(write.task, [None] if from_nothing else []).append(write)
    for writes in by_task.values():
        yield from pairwise(writes)


def _only_notes_message(before: RecordWritten, after: RecordWritten) -> bool:
    return before.item | {"sentAt": None} == after.item | {"sentAt": None}


def _is_claim(before: RecordWritten | None, after: RecordWritten) -> bool:
    token = before.item.get("leaseToken") if before else None
    return _status(after.item) == "PROCESSING" and after.item.get("leaseToken") != token


def _is_postponement(before: RecordWritten, after: RecordWritten) -> bool:
    if (_status(before.item), _status(after.item)) != ("PROCESSING", "RETRYING"):
        return False
    return bool(_attempts(after.item)) and _attempts(after.item)[-1].get("outcome") == {"S": "POSTPONED"}


def _claimer(sim: Simulator, write: RecordWritten) -> int:
    """Return the process whose lease token is in a record: the one that wrote it first."""
    token = write.item.get("leaseToken")
    return next(w.process_id for w in sim.history.of(RecordWritten) if w.item.get("leaseToken") == token)


def _history_continues(before: RecordWritten, after: RecordWritten) -> bool:
    old, new = _attempts(before.item), _attempts(after.item)
    if len(new) >= len(old):
        return all(_continues(a, b) for a, b in zip(old, new, strict=False))
    if len(old) == ATTEMPTS_KEPT and new == old[:5] + old[-19:]:
        return True
    if _is_postponement(before, after) and len(new) == len(old) - 1 and new[:-1] == old[:-2]:
        return _times(new[-1]) == _times(old[-2]) + 1
    return _status(after.item) == "DEAD_LETTERED" and not new


def _times(attempt: dict[str, Any]) -> int:
    return int(attempt.get("times", {"N": "1"})["N"])


def _attempt_count(item: Item) -> int:
    return int(item.get("attemptCount", {"N": "0"})["N"])


def _continues(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return old == new or ("endedAt" not in old and old.items() <= new.items())


def _status(item: Item) -> str:
    return str(item["status"]["S"])


def _generation(item: Item) -> int:
    return int(item["generation"]["N"])


def _attempts(item: Item) -> list[dict[str, Any]]:
    return [attempt["M"] for attempt in item.get("attempts", {"L": []})["L"]]


def work_never_starts_after_completion(sim: Simulator) -> Iterator[str]:
    """Once a task is recorded COMPLETED or CANCELLED, its work never starts again."""
    completed = set()
    for event in sim.history.events:
        if isinstance(event, RecordWritten) and _status(event.item) in _ENDED:
            completed.add(event.task)
        elif isinstance(event, WorkStarted) and event.task in completed:
            yield f"attempt {event.attempt} of task {event.task} began after its end was recorded"


def one_worker_at_a_time(sim: Simulator) -> Iterator[str]:
    """No two living workers are at the same task."""
    for event in sim.history.of(WorkStarted):
        if event.rivals:
            yield f"attempt {event.attempt} of task {event.task} began while another was running"
