"""What a check found: what became of each task, and what it comes to. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from taskguard.model.record import SETTLED, Outcome, Status, TaskRecord
from taskguard.model.views import task_summary

ABSENT = "ABSENT"
"""Stands for the status of a task that has no record."""


@dataclass(frozen=True)
class CheckedTask:
    """A task that the API accepted, and what the table says of it.

    Attributes
    ----------
    task_id
        The task's id.
    record
        Its record when it was last read; None if the table has none.
    """

    task_id: str
    record: TaskRecord | None = None

    @property
    def status(self) -> str:
        """The record's status, or "ABSENT"."""
        return self.record.status.value if self.record else ABSENT

    @property
    def outcomes(self) -> tuple[Outcome | None, ...]:
        """How each attempt of the history ended; None for one that is running or was cut off."""
        return tuple(attempt.outcome for attempt in self.record.attempts) if self.record else ()

    @property
    def counted(self) -> tuple[Outcome | None, ...]:
        """The outcomes without those of postponed attempts, which are no failures."""
        return tuple(outcome for outcome in self.outcomes if outcome is not Outcome.POSTPONED)

    @property
    def settled(self) -> bool:
        """Nothing more will happen to the task by itself; a task that is GIVING_UP is still on its way."""
        return self.status in SETTLED

    @property
    def succeeded_at_first(self) -> bool:
        """The first attempt that counts completed the task."""
        return self.status == Status.COMPLETED and len(self.counted) == 1

    @property
    def failed_at_first(self) -> bool:
        """The first attempt ended in an error, or a later one or the dead-letter queue had to follow it."""
        failed = self.counted[:1] == (Outcome.FAILED,)
        return failed or len(self.counted) > 1 or self.status == Status.DEAD_LETTERED

    def document(self) -> dict[str, Any]:
        """Make the task's part of the JSON report."""
        return {
            "taskId": self.task_id,
            "status": self.status,
            "attempts": self.record.attempt_count if self.record else 0,
            "lastError": task_summary(self.record).get("lastError") if self.record else None,
        }


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    Attributes
    ----------
    submitted
        How many tasks were sent to the API.
    tasks
        The accepted tasks, in order of their ids.
    duration_seconds
        From the first submission until the last task was seen settled.
    submit_seconds
        How long the API took to answer, one figure for each accepted task.
    refused
        The tasks that the API did not accept, each with the reason.
    """

    submitted: int
    tasks: tuple[CheckedTask, ...]
    duration_seconds: float
    submit_seconds: tuple[float, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """How many tasks were accepted, but did not settle in time."""
        return sum(not task.settled for task in self.tasks)

    def counts(self) -> dict[str, int]:
        """Count the tasks, under the names of the JSON report."""
        by_status = Counter(task.status for task in self.tasks)
        return {
            "submitted": self.submitted,
            "accepted": len(self.tasks),
            "success_first_attempt": sum(task.succeeded_at_first for task in self.tasks),
            "failed_first_attempt": sum(task.failed_at_first for task in self.tasks),
            "completed": by_status[Status.COMPLETED],
            "dead_lettered": by_status[Status.DEAD_LETTERED],
            "lost": self.lost,
        }

    def document(self) -> dict[str, Any]:
        """Make the JSON report."""
        return {
            **self.counts(),
            "duration_seconds": round(self.duration_seconds, 3),
            "tasks": [task.document() for task in self.tasks],
        }


def latency(seconds: Iterable[float]) -> tuple[float, float]:
    """Return median and 95th percentile in milliseconds; zeros if there are no figures."""
    known = sorted(seconds)
    if len(known) < 2:
        return (known[0] * 1000, known[0] * 1000) if known else (0.0, 0.0)
    return median(known) * 1000, quantiles(known, n=20, method="inclusive")[-1] * 1000
