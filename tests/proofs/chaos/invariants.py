"""What must hold of each accepted task, checked on its record and on what the functions logged."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from process_task.work import perform
from taskguard.edge.telemetry import Event
from taskguard.model import json_text
from taskguard.model.record import SETTLED, Outcome, Status, TaskRecord
from taskguard.model.views import attempts_view
from taskguard.work import Task, WorkContext


@dataclass(frozen=True)
class Evidence:
    """What is known of one accepted task.

    Attributes
    ----------
    payload
        As it was submitted.
    record
        As the table has it; None if it has none.
    lines
        The functions' log lines of it, each worker's in its order.
    """

    task_id: str
    payload: Any
    record: TaskRecord | None
    lines: tuple[Mapping[str, Any], ...] = ()

    def of(self, event: Event) -> list[Mapping[str, Any]]:
        """Return the lines of one event."""
        return [line for line in self.lines if line["event"] == event]


def gather(
    payloads: Mapping[str, Any], records: Mapping[str, TaskRecord], lines: Iterable[Mapping[str, Any]]
) -> list[Evidence]:
    """Bring together what belongs together; `payloads` are those of the accepted tasks."""
    by_task: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in lines:
        by_task[line["taskId"]].append(line)
    return [
        Evidence(task_id, payload, records.get(task_id), tuple(by_task[task_id]))
        for task_id, payload in payloads.items()
    ]


Promise = Callable[[Evidence], Iterator[str]]
"""Yields a sentence for each way in which it is broken."""


def is_settled(evidence: Evidence) -> Iterator[str]:
    """It is COMPLETED or DEAD_LETTERED."""
    if evidence.record is None or evidence.record.status not in SETTLED:
        yield f"it is {evidence.record.status if evidence.record else 'gone'}"


def keeps_its_payload(evidence: Evidence) -> Iterator[str]:
    """The record has the payload as it was submitted."""
    if evidence.record and not _same(evidence.record.payload, evidence.payload):
        yield f"its payload became {str(evidence.record.payload)[:200]}"


def is_not_done_after_completion(evidence: Evidence) -> Iterator[str]:
    """No try begins after COMPLETED was recorded, neither by the record nor by the log."""
    record = evidence.record
    if record is None or record.status is not Status.COMPLETED:
        return
    ends = [
        number for number, attempt in enumerate(record.attempts, 1) if attempt.outcome is Outcome.COMPLETED
    ]
    if ends != [len(record.attempts)]:
        yield f"tries {ends} of {len(record.attempts)} completed it"
    for attempt in record.attempts:
        if record.completed_at and attempt.started_at > record.completed_at:
            yield f"a try began at {attempt.started_at}, it was completed at {record.completed_at}"
    for line in evidence.of(Event.STARTED):
        if line["attempt"] > len(record.attempts):
            yield f"the log has try {line['attempt']}, the record {len(record.attempts)}"


def has_the_works_result(evidence: Evidence) -> Iterator[str]:
    """A completed task's result is what the work gives for its payload."""
    record = evidence.record
    if record and record.status is Status.COMPLETED and not _same(record.result, _result(record)):
        yield f"its result is {record.result}"


def keeps_every_try(evidence: Evidence) -> Iterator[str]:
    """Each try that the log tells of stands in the record, in its place, and was begun once."""
    attempts = evidence.record.attempts if evidence.record else ()
    begun = [(line["attempt"], line["function_request_id"]) for line in evidence.of(Event.STARTED)]
    kept = {(number, attempt.request_id) for number, attempt in enumerate(attempts, 1)}
    for number, request in begun:
        if (number, request) not in kept:
            yield f"try {number} of invocation {request} is missing in its record"
    if len(begun) > len(set(begun)):
        yield "a try began twice"


def tells_why_it_is_dead(evidence: Evidence) -> Iterator[str]:
    """A dead letter has an error, and a log line with payload, error and all tries."""
    record = evidence.record
    if record is None or record.status is not Status.DEAD_LETTERED:
        return
    if not (record.last_error and record.last_error.type and record.last_error.message):
        yield "it is dead-lettered without an error"
    lines = evidence.of(Event.DEAD_LETTER)
    if not any(_tells_everything(line, record) for line in lines):
        yield f"it is dead-lettered, and none of {len(lines)} log lines tells everything"


PROMISES: Sequence[Promise] = (
    is_settled,
    keeps_its_payload,
    is_not_done_after_completion,
    has_the_works_result,
    keeps_every_try,
    tells_why_it_is_dead,
)


def broken(evidence: Evidence) -> Iterator[tuple[Promise, str]]:
    """Yield each promise that is broken, with how."""
    for promise in PROMISES:
        for how in promise(evidence):
            yield promise, f"{evidence.task_id}: {how}"


def keeps_what_was(before: Mapping[str, TaskRecord], evidence: Evidence) -> Iterator[str]:
    """A redrive adds to a dead letter's history, and leaves a completed task as it is."""
    old, new = before[evidence.task_id], evidence.record
    if new is None or new.attempts[: len(old.attempts)] != old.attempts:
        yield "its history changed"
    elif old.status is Status.COMPLETED and new != old:
        yield "it was completed, and changed"
    elif old.status is Status.DEAD_LETTERED and new.generation <= old.generation:
        yield "it was redriven, and has no new generation"


def _tells_everything(line: Mapping[str, Any], record: TaskRecord) -> bool:
    same_payload = _same(line.get("payload"), record.payload)  # a line leaves out what is null
    return same_payload and bool(line["lastError"]) and line["attempts"] == attempts_view(record)


def _same(one: object, other: object) -> bool:
    return json_text.digest(one) == json_text.digest(other)


def _result(record: TaskRecord) -> object:
    task = Task(record.task_id, record.payload, len(record.attempts), record.generation, record.created_at)
    return perform(task, WorkContext("", datetime.now(UTC)))
