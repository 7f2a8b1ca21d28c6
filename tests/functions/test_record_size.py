"""What a record can hold at its worst fits DynamoDB's item."""

import json
from datetime import UTC, datetime

from taskguard.attempt import MAX_RESULT_BYTES
from taskguard.model import json_text
from taskguard.model.message import MAX_PAYLOAD_BYTES
from taskguard.model.record import (
    ATTEMPTS_KEPT,
    CHILDREN_KEPT,
    MAX_ERROR_BYTES,
    MAX_ERROR_TYPE_BYTES,
    Attempt,
    Failure,
    Outcome,
    Status,
    TaskRecord,
    child_task_id,
)
from taskguard.storage.items import attempt_value, new_item, to_values
from tests.proofs.simulation.aws.values import item_size

LARGEST_ITEM = 400 * 1024
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-items"""

FOUR_BYTES = "\U0001f600"
NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
EXACT = 1767323045678


def _text(size: int) -> str:
    """Return JSON of exactly so many bytes, in four-byte characters as far as they fit."""
    inside = size - 2
    text = json.dumps(FOUR_BYTES * (inside // 4) + "x" * (inside % 4), ensure_ascii=False)
    assert len(text.encode()) == size
    return text


def _worst_failure() -> Failure:
    class Long(Exception):
        pass

    Long.__name__ = FOUR_BYTES * 100
    failure = Failure.of(Long(FOUR_BYTES * 1000))
    assert len(failure.message.encode()) == MAX_ERROR_BYTES
    assert len(failure.type.encode()) == MAX_ERROR_TYPE_BYTES
    return failure


def test_errors_are_cut_in_bytes_and_never_in_the_middle_of_a_character() -> None:
    failure = Failure.of(ValueError("x" + FOUR_BYTES * 1000))
    assert failure.message == "x" + FOUR_BYTES * ((MAX_ERROR_BYTES - 1) // 4)


def test_a_record_with_everything_at_its_limit_fits_an_item() -> None:
    error = _worst_failure()
    attempt = Attempt(1_000_000, 1000, NOW, "r" * 36, NOW, Outcome.POSTPONED, error, times=1_000_000)
    record = TaskRecord(
        task_id="x" * 128,
        status=Status.QUEUED,
        generation=1_000_000,
        payload=json_text.parse(_text(MAX_PAYLOAD_BYTES)),
        payload_hash="f" * 64,
        created_at=NOW,
        updated_at=NOW,
        attempt_count=1_000_000,
        attempts_used=100,
        sent_at=NOW,
        submit_id="s" * 128,
        submitted_by=FOUR_BYTES * 640,
        correlation_id="c" * 128,
        kind="k" * 64,
        parent_id="p" * 128,
    )
    children = [child_task_id("p", "k", "h", str(number)) for number in range(CHILDREN_KEPT)]
    item = new_item(record) | to_values(
        {
            "attempts": [attempt_value(attempt)] * ATTEMPTS_KEPT,
            "lastError": error.members(),
            "result": _text(MAX_RESULT_BYTES),
            "completedAt": "2026-01-02T03:04:05.678Z",
            "deadLetteredAt": "2026-01-02T03:04:05.678Z",
            "cancelledAt": "2026-01-02T03:04:05.678Z",
            "cancelReason": FOUR_BYTES * 500,
            "expiresAt": EXACT,
            "notBefore": EXACT,
            "dueAt": EXACT,
            "generationStartedAt": EXACT,
            "leaseToken": "t" * 32,
            "leaseUntil": EXACT,
            "children": children,
        }
    )
    assert item_size(item) < LARGEST_ITEM
    assert item_size(item) > MAX_PAYLOAD_BYTES + MAX_RESULT_BYTES + ATTEMPTS_KEPT * MAX_ERROR_BYTES
