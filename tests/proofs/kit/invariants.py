"""Invariants: what must hold of the evidence that a run left, whatever went wrong in it.

An invariant is a generator function with a name that says what must hold. It yields a sentence for each
violation, so that one run can show several, and is pure: it reads the evidence and changes nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from taskguard.bury import MAX_LOGGED_PAYLOAD_BYTES
from taskguard.model import json_text
from taskguard.model.json_text import Json
from taskguard.model.record import TaskRecord
from taskguard.model.views import attempts_view

Evidence = TypeVar("Evidence")

Invariant: TypeAlias = Callable[[Evidence], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Violation(Generic[Evidence]):
    """One way in which an invariant does not hold.

    Parameters
    ----------
    description
        A sentence with the task, the values found and those expected.
    """

    invariant: Invariant[Evidence]
    description: str

    def __str__(self) -> str:
        return f"{self.invariant.__name__}: {self.description}"


def violations(
    invariants: Sequence[Invariant[Evidence]], evidence: Evidence
) -> Iterator[Violation[Evidence]]:
    """Yield every violation, invariant by invariant in the given order."""
    for invariant in invariants:
        for description in invariant(evidence):
            yield Violation(invariant, description)


def same_json(one: Json, other: Json) -> bool:
    """Return whether two JSON values are the same, whatever the order of their keys."""
    return json_text.digest(one) == json_text.digest(other)


def is_complete_dead_letter_line(line: Mapping[str, Any], record: TaskRecord) -> bool:
    """Return whether a log line holds all that is known of a dead-lettered task.

    With such a line the task could be repeated by hand even if its record were lost: payload, last error,
    every attempt, and when it was created and failed.
    """
    return (
        line["taskId"] == record.task_id
        and _tells_payload(line.get("payload"), record.payload)
        and line["attempts"] == attempts_view(record)
        and all(line.get(name) for name in ("lastError", "createdAt", "failedAt"))
    )


def _tells_payload(logged: object, payload: Json) -> bool:
    """Return whether a line has the payload, as text, or sends its reader to the record for a large one."""
    text = json_text.compact(payload)
    if len(text.encode()) > MAX_LOGGED_PAYLOAD_BYTES:
        return isinstance(logged, str) and "record" in logged
    return isinstance(logged, str) and same_json(json_text.parse(logged), payload)
