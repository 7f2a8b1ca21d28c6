"""What happens after a failed attempt: a pure decision, returned and not performed."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from taskguard.model.errors import PermanentError, RetryAfter

MAX_WAIT_SECONDS: Final = 43_200 - 900
"""Longest wait. SQS counts its 12 hours from the receive (SQS Developer Guide, "Visibility timeout") and
refuses a longer one; by then an invocation may have run for Lambda's 15 minutes."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how slowly a task is tried again.

    Parameters
    ----------
    max_attempts
        Receives before SQS moves the message to the dead-letter queue (``maxReceiveCount``), from 1.
    backoff_base_seconds
        Wait before the second attempt; it doubles for each further one.
    max_backoff_seconds
        Longest wait of the backoff.
    """

    max_attempts: int
    backoff_base_seconds: int
    max_backoff_seconds: int

    def backoff_seconds(self, receive_count: int) -> int:
        """Return the wait after the given receive: base x 2^(n-1), at most the maximum."""
        doublings = min(receive_count - 1, 32)  # beyond any maximum; keeps the power small
        return min(self.backoff_base_seconds << doublings, self.max_backoff_seconds)


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after a wait in seconds."""

    wait_seconds: int


@dataclass(frozen=True, slots=True)
class Exhausted:
    """That was the last allowed attempt: let SQS move the message to the dead-letter queue."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No attempt can succeed: put the message into the dead-letter queue now."""


Decision: TypeAlias = Retry | Exhausted | GiveUp


def decide(policy: RetryPolicy, error: BaseException, receive_count: int) -> Decision:
    """Return what follows an attempt that failed with ``error`` on the given receive (from 1).

    The receive count decides, not the number of attempts: it is what SQS's redrive policy counts, and
    a native redrive starts it anew.
    """
    if isinstance(error, PermanentError):
        return GiveUp()
    if receive_count >= policy.max_attempts:
        return Exhausted()
    if isinstance(error, RetryAfter):
        return Retry(round(min(max(0, error.seconds), MAX_WAIT_SECONDS)))  # NaN becomes 0
    return Retry(policy.backoff_seconds(receive_count))
