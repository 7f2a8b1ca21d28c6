"""What became of the tasks of a run. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from taskguard.model.record import SETTLED, Status
from taskguard.model.record import Outcome as AttemptOutcome

ABSENT = "ABSENT"


@dataclass(frozen=True)
class Outcome:
    """What the table says of one task.

    Attributes
    ----------
    task_id
        The task's id.
    status
        The record's status, or "ABSENT" if the table has no record.
    attempts
        The record's attempts, in order.
    last_error
        `type` and `message` of the last failure, or None.
    created_at, settled_at
        Times as the record writes them; settled_at is "" until the task is settled.
    """

    task_id: str
    status: str = ABSENT
    attempts: tuple[Mapping[str, Any], ...] = ()
    last_error: Mapping[str, Any] | None = None
    created_at: str = ""
    settled_at: str = ""

    @property
    def settled(self) -> bool:
        """Nothing more will happen to the task by itself."""
        return self.status in SETTLED

    @property
    def succeeded_at_first(self) -> bool:
        """The first attempt completed the task."""
        return self.status == Status.COMPLETED and len(self.attempts) == 1

    @property
    def failed_at_first(self) -> bool:
        """The first attempt ended in an error, or a later one or the dead-letter queue had to follow it."""
        failed = bool(self.attempts) and self.attempts[0].get("outcome") == AttemptOutcome.FAILED
        return failed or len(self.attempts) > 1 or self.status == Status.DEAD_LETTERED


def outcome_of(record: Mapping[str, Any]) -> Outcome:
    """Read a record of the table (its plain values, see `ops.tasks`)."""
    return Outcome(
        task_id=record["taskId"],
        status=record["status"],
        attempts=tuple(record.get("attempts", ())),
        last_error=record.get("lastError"),
        created_at=record.get("createdAt", ""),
        settled_at=record.get("completedAt") or record.get("deadLetteredAt") or "",
    )


@dataclass(frozen=True)
class Result:
    """A run's result.

    Attributes
    ----------
    submitted
        How many tasks were sent to the API.
    outcomes
        The accepted tasks, in order of their ids.
    duration_seconds
        From the first submission to the last task seen settled.
    submit_seconds
        How long the API took to answer, a figure for each accepted task.
    refused
        The tasks that the API did not accept, each with the reason.
    """

    submitted: int
    outcomes: tuple[Outcome, ...]
    duration_seconds: float
    submit_seconds: tuple[float, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """How many tasks were accepted, but not settled in time."""
        return sum(not outcome.settled for outcome in self.outcomes)

    def counts(self) -> dict[str, int]:
        """Count the tasks, under the names of the JSON report."""
        by_status = Counter(outcome.status for outcome in self.outcomes)
        return {
            "submitted": self.submitted,
            "accepted": len(self.outcomes),
            "success_first_attempt": sum(outcome.succeeded_at_first for outcome in self.outcomes),
            "failed_first_attempt": sum(outcome.failed_at_first for outcome in self.outcomes),
            "completed": by_status[Status.COMPLETED],
            "dead_lettered": by_status[Status.DEAD_LETTERED],
            "lost": self.lost,
        }

    def document(self) -> dict[str, Any]:
        """Make the JSON report."""
        return {
            **self.counts(),
            "duration_seconds": round(self.duration_seconds, 3),
            "tasks": [_task(outcome) for outcome in self.outcomes],
        }


def _task(outcome: Outcome) -> dict[str, Any]:
    return {
        "taskId": outcome.task_id,
        "status": outcome.status,
        "attempts": len(outcome.attempts),
        "lastError": outcome.last_error,
    }


def latency(seconds: Iterable[float]) -> tuple[float, float]:
    """Return median and 95th percentile, in milliseconds; zeros of nothing."""
    known = sorted(seconds)
    if len(known) < 2:
        return (known[0] * 1000, known[0] * 1000) if known else (0.0, 0.0)
    return median(known) * 1000, quantiles(known, n=20, method="inclusive")[-1] * 1000
