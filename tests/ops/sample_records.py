"""Records as the functions leave them in the table, in plain values."""

from typing import Any

from boto3.dynamodb.types import TypeSerializer

from ops.check.result import CheckedTask
from taskguard.model.record import TaskRecord
from taskguard.storage.items import shard_of, to_record

CREATED = "2026-11-21T09:00:00.000Z"
FAILED_BY = {"type": "SimulatedFailure", "message": "simulated failure of attempt 1"}


def record(task_id: str, status: str, *outcomes: str, **more: Any) -> dict[str, Any]:
    """A record with one attempt for each outcome; an empty outcome is an attempt that never ended."""
    return {
        "taskId": task_id,
        "status": status,
        "generation": 1,
        "payload": '{"n":1}',
        "payloadHash": "x",
        "createdAt": CREATED,
        "updatedAt": CREATED,
        "indexShard": shard_of(task_id),
        "attempts": [_attempt(number, outcome) for number, outcome in enumerate(outcomes, start=1)],
        **more,
    }


def dead_letter(
    task_id: str, at: str = "2026-11-21T09:00:20.000Z", error: str = "boom", **more: Any
) -> dict[str, Any]:
    """A dead letter, in its index."""
    return record(
        task_id,
        "DEAD_LETTERED",
        "FAILED",
        "FAILED",
        "FAILED",
        deadLetteredAt=at,
        lastError={"type": "ValueError", "message": error},
        **more,
    )


def item(values: dict[str, Any]) -> dict[str, Any]:
    """Plain values as DynamoDB's attribute values."""
    return {name: _serialize(value) for name, value in values.items()}


_serialize = TypeSerializer().serialize


def task_record(values: dict[str, Any]) -> TaskRecord:
    """A record as the domain reads it from the table."""
    return to_record(item(values))


def checked(values: dict[str, Any]) -> CheckedTask:
    """A checked task with this record."""
    return CheckedTask(values["taskId"], task_record(values))


def _attempt(number: int, outcome: str) -> dict[str, Any]:
    start = {"generation": 1, "receiveCount": number, "startedAt": CREATED, "requestId": "r"}
    return start | ({"outcome": outcome, "endedAt": CREATED} if outcome else {})
