"""What must hold of each accepted task, checked on its record and on what the functions logged."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from taskguard.edge.telemetry import Event
from taskguard.kinds import PROBE
from taskguard.model.json_text import Json
from taskguard.model.record import SETTLED, Outcome, Status, TaskRecord
from taskguard.model.simulation import Simulation
from taskguard.probe import Probe
from taskguard.work import Context
from tests.proofs.chaos.workload import MAX_ATTEMPTS
from tests.proofs.kit.invariants import Invariant, is_complete_dead_letter_line, same_json


@dataclass(frozen=True)
class TaskHistory:
    """All that is known of one accepted task.

    Attributes
    ----------
    payload
        As it was submitted.
    record
        As the table has it; None if it has none.
    lines
        The functions' log lines about it, those of each worker in their order.
    """

    task_id: str
    payload: Any
    record: TaskRecord | None
    lines: tuple[Mapping[str, Any], ...] = ()

    def of(self, event: Event) -> list[Mapping[str, Any]]:
        """Return the lines of one event."""
        return [line for line in self.lines if line["event"] == event]


def histories_of(
    payloads: Mapping[str, Any], records: Mapping[str, TaskRecord], lines: Iterable[Mapping[str, Any]]
) -> list[TaskHistory]:
    """Return the history of each accepted task, from their payloads, all records and all lines."""
    by_task: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in lines:
        by_task[line["taskId"]].append(line)
    return [
        TaskHistory(task_id, payload, records.get(task_id), tuple(by_task[task_id]))
        for task_id, payload in payloads.items()
    ]


def is_settled(history: TaskHistory) -> Iterator[str]:
    """The task has ended."""
    if history.record is None or history.record.status not in SETTLED:
        yield f"it is {history.record.status if history.record else 'gone'}"


def keeps_its_payload(history: TaskHistory) -> Iterator[str]:
    """The record has the payload as it was submitted."""
    if history.record and not same_json(history.record.payload, history.payload):
        yield f"its payload became {str(history.record.payload)[:200]}"


def is_not_done_after_completion(history: TaskHistory) -> Iterator[str]:
    """No attempt starts after COMPLETED was recorded, neither by the record nor by the log."""
    record = history.record
    if record is None or record.status is not Status.COMPLETED:
        return
    ends = [
        number for number, attempt in enumerate(record.attempts, 1) if attempt.outcome is Outcome.COMPLETED
    ]
    if ends != [len(record.attempts)]:
        yield f"attempts {ends} of {len(record.attempts)} completed it"
    for attempt in record.attempts:
        if record.completed_at and attempt.started_at > record.completed_at:
            yield f"an attempt started at {attempt.started_at}, it was completed at {record.completed_at}"
    for line in history.of(Event.STARTED):
        if line["attempt"] > record.attempt_count:
            yield f"the log has attempt {line['attempt']}, the record {record.attempt_count}"


def has_the_works_result(history: TaskHistory) -> Iterator[str]:
    """A completed task's result is what the work gives for its payload."""
    record = history.record
    if record and record.status is Status.COMPLETED and not same_json(record.result, _result(record)):
        yield f"its result is {record.result}"


def keeps_every_attempt(history: TaskHistory) -> Iterator[str]:
    """Each attempt in the log is in the record too, in its place, and was started once; all are counted."""
    record = history.record
    attempts = list(record.numbered_attempts()) if record else []
    started = [(line["attempt"], line["functionRequestId"]) for line in history.of(Event.STARTED)]
    kept = {(number, attempt.request_id) for number, attempt in attempts}
    for number, request in started:
        if (number, request) not in kept:
            yield f"attempt {number} of invocation {request} is missing in its record"
    if len(started) > len(set(started)):
        yield "an attempt was started twice"
    if record and record.attempt_count != sum(attempt.times for _, attempt in attempts):
        yield f"its record counts {record.attempt_count} attempts and holds {len(attempts)}"


def uses_no_attempt_too_many(history: TaskHistory) -> Iterator[str]:
    """No generation has more attempts than the stack allows, and the present one's are counted exactly."""
    record = history.record
    if record is None:
        return
    made = Counter(attempt.generation for attempt in record.attempts)
    for generation, attempts in made.items():
        if attempts > MAX_ATTEMPTS:
            yield f"generation {generation} had {attempts} attempts, {MAX_ATTEMPTS} are allowed"
    if record.attempts_used != made[record.generation]:
        yield f"it has used {record.attempts_used} attempts, its record holds {made[record.generation]}"


def tells_why_it_is_dead(history: TaskHistory) -> Iterator[str]:
    """A dead letter has an error, and a log line with payload, error and every attempt."""
    record = history.record
    if record is None or record.status is not Status.DEAD_LETTERED:
        return
    if not (record.last_error and record.last_error.type and record.last_error.message):
        yield "it is dead-lettered without an error"
    lines = history.of(Event.DEAD_LETTER)
    if not any(is_complete_dead_letter_line(line, record) for line in lines):
        yield f"it is dead-lettered, and none of {len(lines)} log lines tells everything"


INVARIANTS: Sequence[Invariant[TaskHistory]] = (
    is_settled,
    keeps_its_payload,
    is_not_done_after_completion,
    has_the_works_result,
    keeps_every_attempt,
    uses_no_attempt_too_many,
    tells_why_it_is_dead,
)


def keeps_what_was(before: Mapping[str, TaskRecord], history: TaskHistory) -> Iterator[str]:
    """A redrive adds to the attempts of a dead letter, and leaves a completed task as it is.

    Parameters
    ----------
    before
        The records before the redrive, by task id.
    """
    old, new = before[history.task_id], history.record
    if new is None or new.attempts[: len(old.attempts)] != old.attempts:
        yield "its history changed"
    elif old.status is Status.COMPLETED and new != old:
        yield "it was completed, and changed"
    elif old.status is Status.DEAD_LETTERED and new.generation <= old.generation:
        yield "it was redriven, and has no new generation"


def _result(record: TaskRecord) -> Json:
    return Probe(Simulation())(record.payload, attempt_of(record))


def attempt_of(record: TaskRecord) -> Context:
    """Return the attempt that completed a task, as its work saw it."""
    created, count = record.created_at, record.attempt_count
    return Context(record.task_id, PROBE, count, record.generation, created, created)
