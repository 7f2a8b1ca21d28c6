"""What must hold at every step: writes to records, starts of work, and deletions of messages."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from taskguard.model.clock import to_millis, to_text
from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.table import Item
from tests.proofs.simulation.history import (
    HistoryEvent,
    MessageDeleted,
    MessageQueued,
    RecordWritten,
    WorkStarted,
)
from tests.proofs.simulation.simulator import Simulator

_FIXED = ("payload", "payloadHash", "createdAt")


def completed_never_changes(sim: Simulator) -> Iterator[str]:
    """A record that is COMPLETED never changes again."""
    for before, after in _changes(sim):
        if _status(before.item) == "COMPLETED" and after.item != before.item:
            yield f"task {after.task} became {_status(after.item)} after COMPLETED"


def history_only_grows(sim: Simulator) -> Iterator[str]:
    """Attempts are added and ended, never lost or rewritten; generations only rise."""
    for before, after in _changes(sim):
        lost = [name for name in _FIXED if after.item.get(name) != before.item.get(name)]
        if lost:
            yield f"task {after.task} changed its {', '.join(lost)}"
        if _generation(after.item) < _generation(before.item):
            yield f"task {after.task} fell back to generation {_generation(after.item)}"
        old, new = _attempts(before.item), _attempts(after.item)
        if len(new) < len(old) or any(not _continues(a, b) for a, b in zip(old, new, strict=False)):
            yield f"task {after.task} lost or rewrote an attempt"


def a_live_lease_is_respected(sim: Simulator) -> Iterator[str]:
    """Until a lease ends, nobody but its holder changes the record."""
    for before, after in _changes(sim):
        until = int(before.item.get("leaseUntil", {"N": "0"})["N"])
        live = _status(before.item) == "PROCESSING" and until >= to_millis(after.at)
        if live and after.process_id != _claimer(sim, before):
            yield f"task {after.task} was made {_status(after.item)} by another under a live lease"


def only_the_last_claimer_reports(sim: Simulator) -> Iterator[str]:
    """COMPLETED and RETRYING are written by the worker that claimed the task last, and nobody else."""
    for before, after in _changes(sim):
        late = _status(before.item) != "PROCESSING" or _claimer(sim, before) != after.process_id
        if late and _status(after.item) in ("COMPLETED", "RETRYING"):
            yield f"task {after.task} was made {_status(after.item)} by a worker that had lost it"


def a_permanent_failure_is_not_tried_again(sim: Simulator) -> Iterator[str]:
    """After a permanent failure no attempt starts, unless a redrive begins a new generation."""
    for before, after in _changes(sim):
        same = _generation(before.item) == _generation(after.item)
        if "permanent" in before.item and same and _status(after.item) == "PROCESSING":
            yield f"task {after.task} was tried again after it failed for good"


def _changes(sim: Simulator) -> Iterator[tuple[RecordWritten, RecordWritten]]:
    writes = sim.history.of(RecordWritten)
    for task in sim.table.items:
        yield from pairwise(write for write in writes if write.task == task)


def _claimer(sim: Simulator, write: RecordWritten) -> int:
    """Return the process whose lease token is in a record: the one that wrote it first."""
    token = write.item.get("leaseToken")
    return next(w.process_id for w in sim.history.of(RecordWritten) if w.item.get("leaseToken") == token)


def _continues(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return old == new or ("endedAt" not in old and old.items() <= new.items())


def _status(item: Item) -> str:
    return str(item["status"]["S"])


def _generation(item: Item) -> int:
    return int(item["generation"]["N"])


def _attempts(item: Item) -> list[dict[str, Any]]:
    return [attempt["M"] for attempt in item.get("attempts", {"L": []})["L"]]


def work_never_starts_after_completion(sim: Simulator) -> Iterator[str]:
    """Once a task is recorded COMPLETED, its work never starts again."""
    completed = set()
    for event in sim.history.events:
        if isinstance(event, RecordWritten) and event.item["status"]["S"] == "COMPLETED":
            completed.add(event.task)
        elif isinstance(event, WorkStarted) and event.task in completed:
            yield f"attempt {event.attempt} of task {event.task} began after COMPLETED was recorded"


def one_worker_at_a_time(sim: Simulator) -> Iterator[str]:
    """No two living workers are at the same task."""
    for event in sim.history.of(WorkStarted):
        if event.rivals:
            yield f"attempt {event.attempt} of task {event.task} began while another was running"


def no_message_is_deleted_before_its_record_says_so(sim: Simulator) -> Iterator[str]:
    """A message is deleted only when its record, or another message, makes it superfluous.

    That is: its task is completed, or has a newer generation; or it was buried after the message came; or it
    failed permanently and a copy is in the dead-letter queue.
    """
    events = sim.history.events
    for at, event in enumerate(events):
        if isinstance(event, MessageDeleted):
            since = events[max(n for n in range(at) if _is_arrival(events[n], event)) : at]
            states = _states(events[: at - len(since)], since, event.task)
            if not any(_allows(state, event, since) for state in states):
                last = states[-1]["status"]["S"] if states else "without a record"
                yield f"{event.message_id} left {event.queue} while task {event.task} was {last}"


def _is_arrival(event: HistoryEvent, deleted: MessageDeleted) -> bool:
    return (
        isinstance(event, MessageQueued)
        and event.message_id == deleted.message_id
        and event.queue == deleted.queue
    )


def _states(before: list[HistoryEvent], since: list[HistoryEvent], task: str) -> list[Item]:
    """Return the versions of a record since a message arrived, with the one that it found."""
    return _items(before, task)[-1:] + _items(since, task)


def _items(events: list[HistoryEvent], task: str) -> list[Item]:
    return [event.item for event in events if isinstance(event, RecordWritten) and event.task == task]


def _allows(state: Item, deleted: MessageDeleted, since: list[HistoryEvent]) -> bool:
    generation = int(state["generation"]["N"])
    if state["status"]["S"] == "COMPLETED" or generation > deleted.generation:
        return True
    if state["status"]["S"] == "DEAD_LETTERED":
        return deleted.queue == settings.DEAD_LETTERS or _buried_since(state, since[0])
    return "permanent" in state and any(_is_copy(event, deleted) for event in since)


def _buried_since(state: Item, arrival: HistoryEvent) -> bool:
    """Return whether the task was buried after the message came; an earlier burial is what it should undo."""
    return isinstance(arrival, MessageQueued) and str(state["deadLetteredAt"]["S"]) >= to_text(arrival.at)


def _is_copy(event: HistoryEvent, deleted: MessageDeleted) -> bool:
    return (
        isinstance(event, MessageQueued)
        and event.queue == settings.DEAD_LETTERS
        and event.task == deleted.task
        and event.message_id != deleted.message_id
    )
