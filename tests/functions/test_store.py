"""The state machine as the table enforces it: every transition from every state."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from taskguard.model.errors import AwsError, AwsRefused, Unavailable
from taskguard.model.message import Message
from taskguard.model.record import ATTEMPTS_KEPT, Attempt, Failure, Outcome, Status, TaskRecord
from taskguard.storage.attempts import Claim, Wait
from taskguard.storage.items import shard_of
from taskguard.storage.store import Refused, TaskStore
from taskguard.storage.transition import Transition
from taskguard.storage.transitions import DeadLetter
from tests.support.aws_calls import failing
from tests.support.aws_in_process import System

LEASE = 30
WHY = Failure("ValueError", "no")


def _new(system: System, task_id: str = "a", submit_id: str = "request-0") -> TaskRecord:
    now = system.clock()
    record = TaskRecord(task_id, Status.QUEUED, 1, {"x": 1}, "hash", now, now, submit_id=submit_id)
    system.store.create(record)
    return record


def _claim(
    system: System,
    *,
    generation: int = 1,
    token: str = "mine",
    max_attempts: int = 3,
) -> TaskRecord:
    now = system.clock()
    message = Message("a", {"x": 1}, generation)
    attempt = Attempt(generation, 1, now, "invocation-1")
    lease_until = now + timedelta(seconds=LEASE)
    return system.store.claim(Claim(message, attempt, token, lease_until, now, max_attempts))


def _processing(system: System) -> TaskRecord:
    _new(system)
    return _claim(system)


def _lapsed(system: System) -> TaskRecord:
    record = _processing(system)
    system.clock.advance(LEASE + 1)
    return record


def _retrying(system: System) -> TaskRecord:
    return system.store.fail(_processing(system), WHY, system.clock(), Wait(system.clock()))


def _given_up(system: System) -> TaskRecord:
    return system.store.fail(_processing(system), WHY, system.clock())


def _cancelled(system: System) -> TaskRecord:
    return system.store.cancel(_dead(system), "no longer wanted", system.clock())


def _waiting_in_the_table(system: System) -> TaskRecord:
    until = system.clock() + timedelta(hours=1)
    return system.store.postpone(_processing(system), WHY, system.clock(), Wait(until, due_at=until))


def _completed(system: System) -> TaskRecord:
    return system.store.complete(_processing(system), {"ok": True}, system.clock())


def _bury(system: System, generation: int = 1, sent_at: datetime | None = None) -> TaskRecord:
    letter = DeadLetter(Message("a", {"x": 1}, generation), WHY, sent_at or system.clock())
    return system.store.bury(letter, system.clock())


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
    "cancelled": _cancelled,
    "in the table": _waiting_in_the_table,
}
CLAIMABLE = {"absent", "queued", "lapsed", "retrying"}
CLAIMABLE_BY_NEWER = CLAIMABLE | {"given up", "dead", "in the table"}
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


@pytest.mark.parametrize("state", STATES)
def test_a_message_of_a_newer_generation_takes_whatever_has_not_ended_and_is_not_being_tried(
    system: System, state: str
) -> None:
    STATES[state](system)
    if state not in CLAIMABLE_BY_NEWER:
        with pytest.raises(Refused):
            _claim(system, generation=2, token="other")
        return
    record = _claim(system, generation=2, token="other")
    assert (record.status, record.generation, record.attempts_used) == (Status.PROCESSING, 2, 1)
    assert record.generation_started_at == system.clock()
    assert record.not_before is record.due_at is record.dead_lettered_at is None


def test_attempts_are_counted_in_the_condition_so_that_no_duplicate_exceeds_them(system: System) -> None:
    _new(system)
    for number in (1, 2):
        record = _claim(system, token=f"token-{number}", max_attempts=2)
        assert (record.attempts_used, record.attempt_count) == (number, number)
        system.store.fail(record, WHY, system.clock(), Wait(system.clock()))
    with pytest.raises(Refused):
        _claim(system, token="one too many", max_attempts=2)


@pytest.mark.parametrize(("early", "claimed"), [(0.5, True), (1.5, False)])
def test_a_task_is_claimed_at_most_a_second_before_its_time(
    system: System, early: float, claimed: bool
) -> None:
    due = system.clock() + timedelta(seconds=10)
    system.store.fail(_processing(system), WHY, system.clock(), Wait(due))
    system.clock.advance(10 - early)
    if claimed:
        assert _claim(system, token="other").not_before is None
    else:
        with pytest.raises(Refused):
            _claim(system, token="other")


def test_a_postponed_attempt_does_not_count_and_joins_the_postponed_one_before_it(system: System) -> None:
    _new(system)
    for number in range(1, 4):
        claimed = _claim(system, token=f"token-{number}", max_attempts=1)
        record = system.store.postpone(claimed, WHY, system.clock(), Wait(system.clock()))
        assert (record.status, record.attempts_used, record.attempt_count) == (Status.RETRYING, 0, number)
    (entry,) = record.attempts
    assert (entry.outcome, entry.times, entry.error) == (Outcome.POSTPONED, 3, WHY)
    system.store.complete(_claim(system, token="last", max_attempts=1), 1, system.clock())
    numbers = [number for number, _ in system.record("a").numbered_attempts()]
    assert numbers == [1, 4]


def test_a_postponement_that_is_repeated_after_a_lost_answer_is_recognised(system: System) -> None:
    claimed = _processing(system)
    wait = Wait(system.clock())
    postponed = system.store.postpone(claimed, WHY, system.clock(), wait)
    assert system.store.postpone(claimed, WHY, system.clock(), wait) == postponed
    assert system.record("a").attempts_used == 0


@pytest.mark.parametrize("state", STATES)
def test_only_an_open_task_without_a_lease_and_without_attempts_left_is_exhausted(
    system: System, state: str
) -> None:
    before = STATES[state](system)
    seen = before or TaskRecord("a", Status.QUEUED, 1, None, "", system.clock(), system.clock())
    if state in {"lapsed", "retrying"}:
        record = system.store.exhaust(seen, WHY, system.clock(), max_attempts=1)
        assert (record.status, record.last_error) == (Status.GIVING_UP, WHY)
        return
    with pytest.raises(Refused):
        system.store.exhaust(seen, WHY, system.clock(), max_attempts=1)


def test_a_task_with_attempts_left_is_not_exhausted(system: System) -> None:
    with pytest.raises(Refused):
        system.store.exhaust(_retrying(system), WHY, system.clock(), max_attempts=2)


def test_a_full_history_keeps_its_first_and_last_attempts_and_the_exact_count(system: System) -> None:
    record = _long_lived(system, attempts=ATTEMPTS_KEPT)
    with pytest.raises(Refused):
        _claim(system, token="no room", max_attempts=1000)
    system.store.shorten(record, system.clock())
    claimed = _claim(system, token="room", max_attempts=1000)
    assert (len(claimed.attempts), claimed.attempt_count) == (ATTEMPTS_KEPT, ATTEMPTS_KEPT + 1)
    numbers = [number for number, _ in claimed.numbered_attempts()]
    assert numbers == [1, 2, 3, 4, 5, *range(7, ATTEMPTS_KEPT + 2)]


def test_a_history_is_not_shortened_if_it_is_no_longer_the_one_that_was_seen(system: System) -> None:
    seen = _long_lived(system, attempts=ATTEMPTS_KEPT)
    system.store.shorten(seen, system.clock())
    running = _claim(system, token="running", max_attempts=1000)
    assert len(running.attempts) == len(seen.attempts)
    system.store.shorten(seen, system.clock())
    system.clock.advance(LEASE + 1)
    system.store.shorten(seen, system.clock())
    assert system.record("a").attempts == running.attempts


def test_a_history_is_not_shortened_under_an_attempt_that_runs(system: System) -> None:
    seen = _long_lived(system, attempts=ATTEMPTS_KEPT - 1)
    running = _claim(system, token="running", max_attempts=1000)
    system.store.shorten(running, system.clock())
    done = system.store.complete(running, 1, system.clock())
    assert done.attempts[-1].outcome is Outcome.COMPLETED
    assert len(done.attempts) == len(seen.attempts) + 1


def _long_lived(system: System, attempts: int) -> TaskRecord:
    record = _new(system)
    for number in range(attempts):
        claimed = _claim(system, token=f"token-{number}", max_attempts=1000)
        record = system.store.fail(claimed, WHY, system.clock(), Wait(system.clock()))
    return record


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


def test_a_dead_letter_of_an_earlier_message_does_not_bury_a_task_that_has_a_fresh_one(
    system: System,
) -> None:
    """SQS moved a message that was received too often, while a newer one waits for its time."""
    first_sent = system.clock()
    system.clock.advance(3600)
    now = system.clock()
    system.store.fail(_processing(system), WHY, now, Wait(now, sent_at=now))
    with pytest.raises(Refused):
        _bury(system, sent_at=first_sent)
    assert _bury(system, sent_at=now - timedelta(minutes=4)).status is Status.DEAD_LETTERED


def test_a_task_that_waits_in_the_table_is_buried_only_by_what_the_waker_may_have_sent(
    system: System,
) -> None:
    """Refusing that one, too, would strand the task: the waker is about to note it as the task's message."""
    due_at = _waiting_in_the_table(system).due_at
    assert due_at
    with pytest.raises(Refused):
        _bury(system, sent_at=due_at - timedelta(minutes=21))
    assert _bury(system, sent_at=due_at - timedelta(minutes=15)).status is Status.DEAD_LETTERED


def test_a_record_that_is_too_large_with_its_history_is_buried_without_it(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    _retrying(system)
    real = TaskStore._apply

    def refuse_the_history(store: TaskStore, task_id: str, transition: Transition) -> TaskRecord:
        if "attempts" not in transition.remove:
            raise AwsRefused("UpdateItem", "ValidationException")
        return real(store, task_id, transition)

    monkeypatch.setattr(TaskStore, "_apply", refuse_the_history)
    record = _bury(system)
    assert (record.status, record.attempts, record.attempt_count) == (Status.DEAD_LETTERED, (), 1)


@pytest.mark.parametrize("state", [state for state in STATES if state != "absent"])
def test_a_redrive_marks_what_was_given_up_and_nothing_else(system: System, state: str) -> None:
    before = STATES[state](system)
    assert before is not None
    if state not in {"dead", "given up"}:
        with pytest.raises(Refused):
            system.store.redrive(replace(before, status=Status.DEAD_LETTERED), system.clock())
        return
    record = _redrive(system)
    assert (record.status, record.generation, len(record.attempts)) == (Status.QUEUED, 2, 1)
    assert (record.attempts_used, record.sent_at) == (0, system.clock())


@pytest.mark.parametrize("state", [state for state in STATES if state != "absent"])
def test_a_person_ends_what_waits_and_dead_letters_and_nothing_else(system: System, state: str) -> None:
    before = STATES[state](system)
    assert before is not None
    if state not in {"queued", "lapsed", "retrying", "dead", "in the table"}:
        with pytest.raises(Refused):
            system.store.cancel(before, "why", system.clock())
        return
    record = system.store.cancel(before, "why", system.clock())
    assert (record.status, record.cancel_reason) == (Status.CANCELLED, "why")
    assert {"deadLetteredAt", "dueAt", "notBefore", "leaseToken"}.isdisjoint(system.item("a"))
    with pytest.raises(Refused):
        _claim(system, generation=2)


def test_a_wake_is_noted_only_for_the_due_time_that_was_seen(system: System) -> None:
    seen = _waiting_in_the_table(system)
    later = replace(seen, due_at=seen.due_at and seen.due_at + timedelta(seconds=1))
    with pytest.raises(Refused):
        system.store.wake(later, system.clock())
    woken = system.store.wake(seen, system.clock())
    assert (woken.due_at, woken.not_before, woken.sent_at) == (None, seen.due_at, system.clock())
    with pytest.raises(Refused):
        system.store.wake(seen, system.clock())


@pytest.mark.parametrize("state", [state for state in STATES if state != "absent"])
def test_a_rescue_changes_the_time_of_an_open_tasks_message_and_nothing_else(
    system: System, state: str
) -> None:
    before = STATES[state](system)
    assert before is not None
    system.clock.advance(1)
    if before.is_settled or state == "given up":
        with pytest.raises(Refused):
            system.store.rescue(before, system.clock())
        return
    rescued = system.store.rescue(before, system.clock())
    assert rescued == replace(before, sent_at=system.clock())
    with pytest.raises(Refused):
        system.store.rescue(before, system.clock())


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
    assert (record.generation, record.status) == (2, Status.PROCESSING)


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
    wait = Wait(system.clock())
    failed = system.store.fail(claimed, WHY, system.clock(), wait)
    assert system.store.fail(claimed, WHY, system.clock(), wait) == failed
    again = _claim(system, token="second")
    done = system.store.complete(again, 1, system.clock())
    assert system.store.complete(again, 1, system.clock()) == done
    assert len(done.attempts) == 2


def test_a_repeated_submit_is_no_repeated_write(system: System) -> None:
    _new(system, submit_id="request-0")
    with pytest.raises(Refused) as caught:
        _new(system, submit_id="request-1")
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
    assert item["indexShard"] == {"S": shard_of("a")}
    assert item["deadLetteredAt"] == {"S": "2026-01-02T03:04:05.000Z"}
    expires = system.clock() + timedelta(days=30)
    assert item["expiresAt"] == {"N": str(int(expires.timestamp()))}
    _redrive(system)
    assert {"deadLetteredAt", "expiresAt"}.isdisjoint(system.item("a"))
    system.store.complete(_claim(system, generation=2), 1, system.clock())
    assert "expiresAt" in system.item("a")


def test_a_burial_that_is_repeated_keeps_the_first_time(system: System) -> None:
    first = _dead(system)
    system.clock.advance(100_000)
    assert _bury(system).dead_lettered_at == first.dead_lettered_at


def test_a_table_that_is_gone_refuses_and_one_that_fails_is_unavailable(system: System) -> None:
    store = TaskStore(system.dynamodb, "no-such-table")
    record = _new(system)
    with pytest.raises(AwsRefused, match="GetItem: ResourceNotFoundException"):
        store.get("a")
    with pytest.raises(AwsRefused, match="UpdateItem: ResourceNotFoundException"):
        store.redrive(record, system.clock())
    with failing("GetItem"), pytest.raises(Unavailable, match="GetItem: InternalError"):
        system.store.get("a")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AccessDeniedException", AwsRefused),
        ("ValidationException", AwsRefused),
        ("KMSAccessDeniedException", AwsRefused),
        ("KMS.DisabledException", AwsRefused),
        ("KmsThrottledException", Unavailable),
        ("ThrottlingException", Unavailable),
        ("ProvisionedThroughputExceededException", Unavailable),
    ],
)
def test_what_a_repeat_cannot_cure_is_refused(system: System, code: str, error: type[AwsError]) -> None:
    with failing("GetItem", code), pytest.raises(error) as caught:
        system.store.get("a")
    assert type(caught.value) is error
    assert (caught.value.operation, caught.value.code) == ("GetItem", code)
