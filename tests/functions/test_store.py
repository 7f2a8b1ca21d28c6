"""The state machine as the table enforces it: every transition from every state."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from taskguard.model.errors import Unavailable
from taskguard.model.message import Message
from taskguard.model.record import Attempt, Failure, Outcome, Status, TaskRecord
from taskguard.storage.store import Refused, TaskStore
from tests.support.aws_in_process import System

LEASE = 30
WHY = Failure("ValueError", "no")


def _new(system: System, task_id: str = "a", submitted_by: str = "request-0") -> TaskRecord:
    now = system.clock()
    record = TaskRecord(task_id, Status.QUEUED, 1, {"x": 1}, "hash", now, now, submitted_by=submitted_by)
    system.store.create(record)
    return record


def _claim(
    system: System,
    generation: int = 1,
    token: str = "mine",
    task_id: str = "a",
    sent_at: datetime = datetime(2000, 1, 1, tzinfo=UTC),
) -> TaskRecord:
    now = system.clock()
    message = Message(task_id, {"x": 1}, generation)
    attempt = Attempt(generation, 1, now, "invocation-1")
    return system.store.claim(message, attempt, token, now + timedelta(seconds=LEASE), sent_at)


def _processing(system: System) -> TaskRecord:
    _new(system)
    return _claim(system)


def _lapsed(system: System) -> TaskRecord:
    record = _processing(system)
    system.clock.advance(LEASE + 1)
    return record


def _retrying(system: System) -> TaskRecord:
    return system.store.fail(_processing(system), WHY, system.clock(), system.clock())


def _given_up(system: System) -> TaskRecord:
    return system.store.fail(_processing(system), WHY, system.clock(), permanent=True)


def _completed(system: System) -> TaskRecord:
    return system.store.complete(_processing(system), {"ok": True}, system.clock())


def _bury(system: System, generation: int = 1) -> TaskRecord:
    return system.store.bury(Message("a", {"x": 1}, generation), WHY, system.clock())


def _dead(system: System) -> TaskRecord:
    _retrying(system)
    return _bury(system)


def _absent(system: System) -> None:
    return None


def _redrive(system: System) -> TaskRecord:
    return system.store.redrive(system.record("a"), system.clock())


STATES: dict[str, Callable[[System], TaskRecord | None]] = {
    "absent": _absent,
    "queued": _new,
    "processing": _processing,
    "lapsed": _lapsed,
    "retrying": _retrying,
    "given up": _given_up,
    "completed": _completed,
    "dead": _dead,
}
CLAIMABLE = {"absent", "queued", "lapsed", "retrying"}
BURIABLE = {"absent", "queued", "lapsed", "retrying", "given up", "dead"}


@pytest.mark.parametrize("state", STATES)
def test_a_claim_succeeds_only_from_states_in_which_nobody_works_on_an_open_task(
    system: System, state: str
) -> None:
    STATES[state](system)
    if state not in CLAIMABLE:
        with pytest.raises(Refused):
            _claim(system, token="other")
        return
    record = _claim(system, token="other")
    assert (record.status, record.lease_token) == (Status.PROCESSING, "other")
    assert record.lease_until == system.clock() + timedelta(seconds=LEASE)


def test_a_dead_letter_is_claimed_only_by_a_message_sent_after_its_burial(system: System) -> None:
    _dead(system)
    with pytest.raises(Refused):
        _claim(system, sent_at=system.clock())
    sent_later = system.clock() + timedelta(milliseconds=1)
    record = _claim(system, token="other", sent_at=sent_later)
    assert (record.status, record.lease_token) == (Status.PROCESSING, "other")


@pytest.mark.parametrize("state", STATES)
def test_a_burial_succeeds_only_for_a_task_that_is_neither_done_nor_being_tried(
    system: System, state: str
) -> None:
    STATES[state](system)
    if state not in BURIABLE:
        with pytest.raises(Refused):
            _bury(system)
        return
    record = _bury(system)
    assert (record.status, record.last_error, record.payload) == (Status.DEAD_LETTERED, WHY, {"x": 1})


@pytest.mark.parametrize("state", [state for state in STATES if state != "absent"])
def test_a_redrive_marks_dead_letters_only(system: System, state: str) -> None:
    STATES[state](system)
    if state != "dead":
        with pytest.raises(Refused):
            _redrive(system)
        return
    record = _redrive(system)
    assert (record.status, record.generation, len(record.attempts)) == (Status.QUEUED, 2, 1)


def test_a_message_of_an_older_generation_claims_and_buries_nothing(system: System) -> None:
    _dead(system)
    _redrive(system)
    with pytest.raises(Refused):
        _claim(system, generation=1)
    with pytest.raises(Refused):
        _bury(system, generation=1)


def test_a_message_of_a_newer_generation_claims_a_given_up_task_and_moves_the_record_on(
    system: System,
) -> None:
    _given_up(system)
    record = _claim(system, generation=2)
    assert (record.generation, record.permanent) == (2, False)


def test_a_claim_without_a_record_makes_one_from_the_message(system: System) -> None:
    record = _claim(system)
    assert record.payload == {"x": 1}
    assert record.created_at == system.clock()


def test_a_worker_that_lost_its_lease_cannot_overwrite(system: System) -> None:
    late = _lapsed(system)
    _claim(system, token="other")
    with pytest.raises(Refused):
        system.store.complete(late, "late", system.clock())
    with pytest.raises(Refused):
        system.store.fail(late, WHY, system.clock())
    assert system.record("a").lease_token == "other"


def test_own_writes_that_are_repeated_after_a_lost_answer_are_recognised(system: System) -> None:
    record = _new(system)
    system.store.create(record)
    claimed = _claim(system)
    assert _claim(system) == claimed
    failed = system.store.fail(claimed, WHY, system.clock())
    assert system.store.fail(claimed, WHY, system.clock()) == failed
    again = _claim(system, token="second")
    done = system.store.complete(again, 1, system.clock())
    assert system.store.complete(again, 1, system.clock()) == done
    assert len(done.attempts) == 2


def test_a_repeated_submit_is_no_repeated_write(system: System) -> None:
    _new(system, submitted_by="request-0")
    with pytest.raises(Refused) as caught:
        _new(system, submitted_by="request-1")
    assert caught.value.record == system.record("a")


def test_every_attempt_is_kept_with_its_end(system: System) -> None:
    _retrying(system)
    system.clock.advance(5)
    system.store.complete(_claim(system, token="second"), 1, system.clock())
    record = system.record("a")
    assert [(a.outcome, a.error) for a in record.attempts] == [
        (Outcome.FAILED, WHY),
        (Outcome.COMPLETED, None),
    ]
    assert record.last_error == WHY
    assert (record.result, record.completed_at) == (1, system.clock())


def test_only_a_dead_letter_stands_in_the_sparse_index_and_only_settled_records_expire(
    system: System,
) -> None:
    _dead(system)
    item = system.item("a")
    assert item["deadLetterDay"] == {"S": "2026-01-02"}
    assert item["deadLetteredAt"] == {"S": "2026-01-02T03:04:05.000Z"}
    expires = system.clock() + timedelta(days=30)
    assert item["expiresAt"] == {"N": str(int(expires.timestamp()))}
    _redrive(system)
    assert {"deadLetterDay", "deadLetteredAt", "expiresAt"}.isdisjoint(system.item("a"))
    system.store.complete(_claim(system, 2), 1, system.clock())
    assert "expiresAt" in system.item("a")


def test_a_burial_that_is_repeated_keeps_the_first_time(system: System) -> None:
    first = _dead(system)
    system.clock.advance(100_000)
    assert _bury(system).dead_lettered_at == first.dead_lettered_at


def test_a_table_that_cannot_be_reached_is_unavailable(system: System) -> None:
    store = TaskStore(system.dynamodb, "no-such-table")
    record = _new(system)
    with pytest.raises(Unavailable, match="GetItem: ResourceNotFoundException"):
        store.get("a")
    with pytest.raises(Unavailable, match="UpdateItem: ResourceNotFoundException"):
        store.redrive(record, system.clock())
