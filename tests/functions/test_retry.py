import pytest

from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.retry import Decision, Exhausted, GiveUp, Retry, RetryPolicy, decide

POLICY = RetryPolicy(max_attempts=3, backoff_base_seconds=5, max_backoff_seconds=900)
PATIENT = RetryPolicy(max_attempts=1000, backoff_base_seconds=5, max_backoff_seconds=900)


@pytest.mark.parametrize(
    ("policy", "error", "receive_count", "expected"),
    [
        (POLICY, ValueError(), 1, Retry(5)),
        (POLICY, ValueError(), 2, Retry(10)),
        (POLICY, ValueError(), 3, Exhausted()),
        (POLICY, ValueError(), 4, Exhausted()),
        (POLICY, SystemExit(), 1, Retry(5)),
        (POLICY, RetryAfter(60), 1, Retry(60)),
        (POLICY, RetryAfter(-1), 1, Retry(0)),
        (POLICY, RetryAfter(1e9), 1, Retry(42_300)),
        (POLICY, RetryAfter(float("inf")), 1, Retry(42_300)),
        (POLICY, RetryAfter(float("nan")), 1, Retry(0)),
        (POLICY, RetryAfter(60), 3, Exhausted()),
        (POLICY, PermanentError(), 1, GiveUp()),
        (POLICY, PermanentError(), 3, GiveUp()),
        (PATIENT, ValueError(), 3, Retry(20)),
        (PATIENT, ValueError(), 8, Retry(640)),
        (PATIENT, ValueError(), 9, Retry(900)),
        (PATIENT, ValueError(), 999, Retry(900)),
    ],
)
def test_the_decision_follows_error_and_receive_count(
    policy: RetryPolicy, error: BaseException, receive_count: int, expected: Decision
) -> None:
    assert decide(policy, error, receive_count) == expected
