"""What happens after a failed attempt: a pure decision, returned and not performed."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from taskguard.model.errors import PermanentError, RetryAfter

MAX_WAIT_SECONDS: Final = 43_200 - 900
"""Longest wait. SQS counts its 12 hours from the receive (SQS Developer Guide, "Visibility timeout") and
refuses a longer one; by then an invocation may have run for Lambda's 15 minutes."""


class Next(Enum):
    """What follows a failed attempt."""

    RETRY = "another attempt, after a wait"
    EXHAUSTED = "none: it was the last attempt allowed; SQS moves the message to the dead-letter queue"
    GIVE_UP = "none: no attempt can succeed; the message goes to the dead-letter queue at once"


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """What follows a failed attempt and, for `Next.RETRY`, after how many seconds."""

    next: Next
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how slowly a task is tried again.

    Parameters
    ----------
    max_attempts
        Receives after which SQS moves the message to the dead-letter queue (`maxReceiveCount`), from 1.
    backoff_base_seconds
        Wait before the second attempt; it doubles with each further one.
    max_backoff_seconds
        Longest wait between two attempts.
    """

    max_attempts: int
    backoff_base_seconds: int
    max_backoff_seconds: int

    def backoff_seconds(self, receive_count: int) -> int:
        """Return the wait after the given receive, from 1: base x 2^(n-1), at most the maximum."""
        doublings = min(receive_count - 1, 32)  # beyond any maximum; keeps the power small
        return min(self.backoff_base_seconds << doublings, self.max_backoff_seconds)

    def decide(self, error: BaseException, receive_count: int) -> RetryDecision:
        """Return what follows an attempt that failed with `error` on the given receive, from 1.

        Receives are counted, not attempts: SQS's redrive policy counts them, and a redrive by SQS itself
        starts that count anew.
        """
        if isinstance(error, PermanentError):
            return RetryDecision(Next.GIVE_UP)
        if receive_count >= self.max_attempts:
            return RetryDecision(Next.EXHAUSTED)
        if isinstance(error, RetryAfter):
            wait = round(min(max(0, error.seconds), MAX_WAIT_SECONDS))  # NaN becomes 0
            return RetryDecision(Next.RETRY, wait)
        return RetryDecision(Next.RETRY, self.backoff_seconds(receive_count))
