"""All that is known of one task at the end: its payload, its record, and what the functions logged of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from taskguard.edge.telemetry import Event
from taskguard.model.record import TaskRecord


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
