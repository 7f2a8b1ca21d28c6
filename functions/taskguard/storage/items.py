"""Between records and DynamoDB items (low-level attribute values)."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from taskguard.model import json_text
from taskguard.model.clock import from_text, to_millis, to_text
from taskguard.model.record import Attempt, Failure, Outcome, Status, TaskRecord

Item: TypeAlias = Mapping[str, Any]
"""Attribute values as the DynamoDB client takes and gives them: `{"taskId": {"S": "a"}}`."""

SHARDS: Final = tuple("0123456789")
"""Partition keys of the table's indexes: one key alone would take at most 1,000 writes a second."""

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def to_values(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values as attribute values, without those that are None."""
    return {key: _serializer.serialize(value) for key, value in plain.items() if value is not None}


def shard_of(task_id: str) -> str:
    """Return the index partition of a task: the same for ever, and evenly spread."""
    return SHARDS[hashlib.sha256(task_id.encode()).digest()[0] % len(SHARDS)]


def new_item(record: TaskRecord) -> dict[str, Any]:
    """Return the item of a record that was never tried."""
    return to_values(
        {
            "taskId": record.task_id,
            "status": record.status.value,
            "generation": record.generation,
            "payload": json_text.compact(record.payload),
            "payloadHash": record.payload_hash,
            "createdAt": to_text(record.created_at),
            "updatedAt": to_text(record.updated_at),
            "attemptCount": record.attempt_count,
            "attemptsUsed": record.attempts_used,
            "sentAt": record.sent_at and to_millis(record.sent_at),
            "indexShard": shard_of(record.task_id),
            "submitId": record.submit_id,
            "submittedBy": record.submitted_by,
            "correlationId": record.correlation_id,
            "kind": record.kind,
            "parentId": record.parent_id,
        }
    )


def attempt_value(attempt: Attempt) -> dict[str, Any]:
    """Return an attempt as the plain map that the history holds."""
    value = {
        "generation": attempt.generation,
        "receiveCount": attempt.receive_count,
        "startedAt": to_text(attempt.started_at),
        "requestId": attempt.request_id,
        "endedAt": attempt.ended_at and to_text(attempt.ended_at),
        "outcome": attempt.outcome and attempt.outcome.value,
        "error": attempt.error and attempt.error.members(),
        "times": attempt.times if attempt.times > 1 else None,
    }
    return {key: each for key, each in value.items() if each is not None}


def to_record(item: Item) -> TaskRecord:
    """Return the record of an item, also of one read through an index (which lacks some attributes)."""
    plain = {key: _deserializer.deserialize(value) for key, value in item.items()}
    attempts = tuple(_attempt(value) for value in plain.get("attempts", []))
    return TaskRecord(
        task_id=plain["taskId"],
        status=Status(plain["status"]),
        generation=int(plain["generation"]),
        payload=_json(plain.get("payload")),
        payload_hash=plain.get("payloadHash", ""),
        created_at=from_text(plain["createdAt"]),
        updated_at=from_text(plain.get("updatedAt", plain["createdAt"])),
        attempts=attempts,
        # A record that an older version began counts from what its history holds.
        attempt_count=int(plain.get("attemptCount", len(attempts))),
        attempts_used=int(plain.get("attemptsUsed", 0)),
        generation_started_at=_instant(plain.get("generationStartedAt")),
        last_error=_failure(plain.get("lastError")),
        result=_json(plain.get("result")),
        not_before=_instant(plain.get("notBefore")),
        due_at=_instant(plain.get("dueAt")),
        sent_at=_instant(plain.get("sentAt")),
        completed_at=_moment(plain.get("completedAt")),
        dead_lettered_at=_moment(plain.get("deadLetteredAt")),
        cancelled_at=_moment(plain.get("cancelledAt")),
        cancel_reason=plain.get("cancelReason"),
        lease_token=plain.get("leaseToken"),
        lease_until=_instant(plain.get("leaseUntil")),
        submit_id=plain.get("submitId"),
        submitted_by=plain.get("submittedBy"),
        correlation_id=plain.get("correlationId"),
        kind=plain.get("kind"),
        parent_id=plain.get("parentId"),
        children=tuple(plain.get("children", ())),
    )


def _attempt(value: Mapping[str, Any]) -> Attempt:
    return Attempt(
        generation=int(value["generation"]),
        receive_count=int(value["receiveCount"]),
        started_at=from_text(value["startedAt"]),
        request_id=value["requestId"],
        ended_at=_moment(value.get("endedAt")),
        outcome=Outcome(value["outcome"]) if "outcome" in value else None,
        error=_failure(value.get("error")),
        times=int(value.get("times", 1)),
    )


def _failure(value: Mapping[str, str] | None) -> Failure | None:
    return Failure(value["type"], value["message"]) if value else None


def _moment(text: str | None) -> datetime | None:
    return from_text(text) if text else None


def _instant(millis: Any) -> datetime | None:
    return datetime.fromtimestamp(int(millis) / 1000, UTC) if millis is not None else None


def _json(text: str | None) -> json_text.Json:
    return json_text.parse(text) if text is not None else None
