from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.record import Status, TaskRecord
from taskguard.model.retry import Next, RetryDecision, RetryPolicy

NOW = datetime(2026, 1, 2, tzinfo=UTC)
POLICY = RetryPolicy(max_attempts=3, backoff_base_seconds=5, max_backoff_seconds=900)
PATIENT = RetryPolicy(max_attempts=1000, backoff_base_seconds=5, max_backoff_seconds=900)


def _record(attempts_used: int = 1, started: datetime = NOW) -> TaskRecord:
    """A task whose running attempt is the n-th that counts."""
    return TaskRecord(
        "a",
        Status.PROCESSING,
        1,
        None,
        "hash",
        NOW,
        NOW,
        attempt_count=attempts_used,
        attempts_used=attempts_used,
        generation_started_at=started,
    )


def _retry(seconds: int) -> RetryDecision:
    return RetryDecision(Next.RETRY, timedelta(seconds=seconds))


def _postpone(seconds: int) -> RetryDecision:
    return RetryDecision(Next.POSTPONE, timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("policy", "error", "attempts_used", "expected"),
    [
        (POLICY, ValueError(), 1, _retry(5)),
        (POLICY, ValueError(), 2, _retry(10)),
        (POLICY, ValueError(), 3, RetryDecision(Next.EXHAUSTED)),
        (POLICY, ValueError(), 4, RetryDecision(Next.EXHAUSTED)),
        (POLICY, SystemExit(), 1, _retry(5)),
        (POLICY, PermanentError(), 1, RetryDecision(Next.GIVE_UP)),
        (POLICY, PermanentError(), 3, RetryDecision(Next.GIVE_UP)),
        (PATIENT, ValueError(), 3, _retry(20)),
        (PATIENT, ValueError(), 8, _retry(640)),
        (PATIENT, ValueError(), 9, _retry(900)),
        (PATIENT, ValueError(), 999, _retry(900)),
    ],
)
def test_the_decision_follows_error_and_attempts_used(
    policy: RetryPolicy, error: BaseException, attempts_used: int, expected: RetryDecision
) -> None:
    assert policy.decide(error, _record(attempts_used), NOW) == expected


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [(60, 60), (0, 1), (-1, 1), (0.2, 1), (1.5, 2), (float("nan"), 1), (86_400, 86_400)],
)
def test_a_wait_that_the_work_asks_for_is_granted_from_a_second_up(asked: float, seconds: int) -> None:
    assert POLICY.decide(RetryAfter(asked), _record(), NOW) == _postpone(seconds)


def test_a_wait_that_the_work_asks_for_uses_up_no_attempt() -> None:
    assert POLICY.decide(RetryAfter(60), _record(attempts_used=3), NOW) == _postpone(60)


@pytest.mark.parametrize(
    ("started", "asked", "next_step"),
    [
        (NOW - timedelta(days=6), 86_400, Next.POSTPONE),
        (NOW - timedelta(days=6), 86_401, Next.EXHAUSTED),
        (NOW - timedelta(days=8), 1, Next.EXHAUSTED),
        (NOW, float("inf"), Next.EXHAUSTED),
    ],
)
def test_the_deadline_counts_from_the_generations_first_attempt(
    started: datetime, asked: float, next_step: Next
) -> None:
    assert POLICY.decide(RetryAfter(asked), _record(started=started), NOW).next is next_step


def test_the_deadline_does_not_end_a_task_that_fails() -> None:
    late = _record(started=NOW - timedelta(days=100))
    assert POLICY.decide(ValueError(), late, NOW) == _retry(5)


def test_jitter_shortens_waits_by_up_to_its_share_and_no_more() -> None:
    policy = replace(PATIENT, backoff_jitter=0.2)
    waits = {policy.decide(ValueError(), _record(6), NOW).wait.total_seconds() for _ in range(500)}
    assert 128 <= min(waits) < 136
    assert 152 < max(waits) <= 160


def test_jitter_with_a_seed_is_a_function_of_task_and_attempt() -> None:
    policy = replace(PATIENT, backoff_jitter=1.0, seed="7")
    records = [replace(_record(6), task_id=f"t-{n}") for n in range(50)]
    first = [policy.decide(ValueError(), each, NOW) for each in records]
    assert first == [policy.decide(ValueError(), each, NOW) for each in records]
    assert len(set(first)) > 30
    assert first != [policy.decide(ValueError(), replace(each, attempt_count=7), NOW) for each in records]
