"""What the API shows of a record."""

from typing import Any

from taskguard.model.clock import to_text
from taskguard.model.json_text import Json
from taskguard.model.record import Attempt, Status, TaskRecord


def task_view(record: TaskRecord) -> dict[str, Json]:
    """Return a record as the API's JSON: what has no value yet is left out."""
    return _without_none(
        {
            "taskId": record.task_id,
            "kind": record.kind,
            "status": record.status.value,
            "generation": record.generation,
            "payload": record.payload,
            "createdAt": to_text(record.created_at),
            "updatedAt": to_text(record.updated_at),
            "attempts": attempts_view(record),
            "attemptCount": record.attempt_count,
            "lastError": record.last_error and record.last_error.members(),
            "nextAttemptAt": record.next_attempt_at and to_text(record.next_attempt_at),
            "completedAt": record.completed_at and to_text(record.completed_at),
            "deadLetteredAt": record.dead_lettered_at and to_text(record.dead_lettered_at),
            "cancelledAt": record.cancelled_at and to_text(record.cancelled_at),
            "cancelReason": record.cancel_reason,
            "correlationId": record.correlation_id,
            "parentId": record.parent_id,
            "children": list(record.children) or None,
        },
        keep={"payload"},
    ) | ({"result": record.result} if record.status is Status.COMPLETED else {})


def task_summary(record: TaskRecord) -> dict[str, Json]:
    """Return the view without what may be large: 25 of them must fit Lambda's 6 MB of answer."""
    return {key: value for key, value in task_view(record).items() if key not in _LARGE}


_LARGE = frozenset({"payload", "result", "attempts", "children"})


def attempts_view(record: TaskRecord) -> list[Json]:
    """Return the history of a record, numbered from 1 over the task's whole life."""
    return [_attempt_view(number, attempt) for number, attempt in record.numbered_attempts()]


def _attempt_view(number: int, attempt: Attempt) -> dict[str, Json]:
    return _without_none(
        {
            "number": number,
            "generation": attempt.generation,
            "receiveCount": attempt.receive_count,
            "startedAt": to_text(attempt.started_at),
            "endedAt": attempt.ended_at and to_text(attempt.ended_at),
            "outcome": attempt.outcome and attempt.outcome.value,
            "error": attempt.error and attempt.error.members(),
            "requestId": attempt.request_id,
            "times": attempt.times if attempt.times > 1 else None,
        }
    )


def _without_none(members: dict[str, Any], keep: frozenset[str] | set[str] = frozenset()) -> dict[str, Json]:
    return {key: value for key, value in members.items() if value is not None or key in keep}
