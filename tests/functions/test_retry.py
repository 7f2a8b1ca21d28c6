import pytest

from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.retry import Next, RetryDecision, RetryPolicy

POLICY = RetryPolicy(max_attempts=3, backoff_base_seconds=5, max_backoff_seconds=900)
PATIENT = RetryPolicy(max_attempts=1000, backoff_base_seconds=5, max_backoff_seconds=900)


@pytest.mark.parametrize(
    ("policy", "error", "receive_count", "expected"),
    [
        (POLICY, ValueError(), 1, RetryDecision(Next.RETRY, 5)),
        (POLICY, ValueError(), 2, RetryDecision(Next.RETRY, 10)),
        (POLICY, ValueError(), 3, RetryDecision(Next.EXHAUSTED)),
        (POLICY, ValueError(), 4, RetryDecision(Next.EXHAUSTED)),
        (POLICY, SystemExit(), 1, RetryDecision(Next.RETRY, 5)),
        (POLICY, RetryAfter(60), 1, RetryDecision(Next.RETRY, 60)),
        (POLICY, RetryAfter(-1), 1, RetryDecision(Next.RETRY, 0)),
        (POLICY, RetryAfter(1e9), 1, RetryDecision(Next.RETRY, 42_300)),
        (POLICY, RetryAfter(float("inf")), 1, RetryDecision(Next.RETRY, 42_300)),
        (POLICY, RetryAfter(float("nan")), 1, RetryDecision(Next.RETRY, 0)),
        (POLICY, RetryAfter(60), 3, RetryDecision(Next.EXHAUSTED)),
        (POLICY, PermanentError(), 1, RetryDecision(Next.GIVE_UP)),
        (POLICY, PermanentError(), 3, RetryDecision(Next.GIVE_UP)),
        (PATIENT, ValueError(), 3, RetryDecision(Next.RETRY, 20)),
        (PATIENT, ValueError(), 8, RetryDecision(Next.RETRY, 640)),
        (PATIENT, ValueError(), 9, RetryDecision(Next.RETRY, 900)),
        (PATIENT, ValueError(), 999, RetryDecision(Next.RETRY, 900)),
    ],
)
def test_the_decision_follows_error_and_receive_count(
    policy: RetryPolicy, error: BaseException, receive_count: int, expected: RetryDecision
) -> None:
    assert policy.decide(error, receive_count) == expected
