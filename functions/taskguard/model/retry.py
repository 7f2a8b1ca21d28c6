"""What happens after an attempt that did not complete: a pure decision, returned and not performed."""

import hashlib
import math
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from taskguard.kinds import Kind
from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.record import TaskRecord

MAX_HIDE_SECONDS: Final = 43_200 - 900
"""Longest time that a received message is hidden. SQS counts its 12 hours from the receive (SQS Developer
Guide, "Visibility timeout") and refuses a longer one; by then an invocation may have run for 15 minutes."""

LONGEST_HIDDEN_WAIT: Final = timedelta(seconds=60)
"""Longest wait of a failed attempt for which its message is hidden. Hidden messages count as in flight, of
which a queue has about 120,000: beyond that SQS hands out nothing more, without an error."""

LONGEST_DELAY: Final = timedelta(seconds=900)
"""Longest wait of a message that is sent delayed: SQS's limit on `DelaySeconds`."""


class Next(Enum):
    """What follows an attempt that did not complete."""

    RETRY = "another attempt, after a wait; this one counts as failed"
    POSTPONE = "the attempt does not count; the work is called again after the wait that it asked for"
    EXHAUSTED = "none: all attempts are used up, or the work asked to wait beyond the task's deadline"
    GIVE_UP = "none: no attempt can succeed"


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """What follows, and after how long; `wait` is zero if nothing does."""

    next: Next
    wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how slowly a task is tried again.

    Parameters
    ----------
    max_attempts
        Attempts of one generation, from 1. Attempts are counted in the record; SQS's receives are not
        attempts, for throttles and restarts use them up as well.
    backoff_base_seconds
        Wait before the second attempt; it doubles with each further one.
    max_backoff_seconds
        Longest wait between two attempts.
    backoff_jitter
        Share, 0 to 1, by which a wait is shortened at random, so that what failed together does not come
        back together.
    deadline
        How long, from a generation's first attempt, the work may ask to be called later.
    seed
        With a seed, the jitter is a function of seed, task id and attempt number; without one, random.
    """

    max_attempts: int
    backoff_base_seconds: int
    max_backoff_seconds: int
    backoff_jitter: float = 0.0
    deadline: timedelta = timedelta(days=7)
    seed: str = ""

    def of_kind(self, kind: Kind) -> "RetryPolicy":
        """Return this policy with the figures that a kind has of its own."""
        own: dict[str, Any] = {
            "max_attempts": kind.max_attempts,
            "backoff_base_seconds": kind.backoff_base_seconds,
            "max_backoff_seconds": kind.max_backoff_seconds,
            "deadline": kind.deadline_days and timedelta(days=kind.deadline_days),
        }
        return replace(self, **{name: value for name, value in own.items() if value is not None})

    def backoff_seconds(self, attempts_used: int) -> int:
        """Return the wait after so many attempts, from 1, without jitter: base x 2^(n-1), capped."""
        doublings = min(attempts_used - 1, 32)  # beyond any maximum; keeps the power small
        return min(self.backoff_base_seconds << doublings, self.max_backoff_seconds)

    def decide(self, error: BaseException, record: TaskRecord, now: datetime) -> RetryDecision:
        """Return what follows the running attempt of `record`, which ended in `error`."""
        if isinstance(error, PermanentError):
            return RetryDecision(Next.GIVE_UP)
        if isinstance(error, RetryAfter):
            return self._postpone(error.seconds, record, now)
        if record.attempts_used >= self.max_attempts:
            return RetryDecision(Next.EXHAUSTED)
        return RetryDecision(Next.RETRY, self._backoff(record))

    def _postpone(self, seconds: float, record: TaskRecord, now: datetime) -> RetryDecision:
        started = record.generation_started_at or now
        longest = (started + self.deadline - now).total_seconds()
        # At least a second, so that work which asks for none does not spin; not-a-number counts as none.
        asked = max(1.0, seconds) if not math.isnan(seconds) else 1.0
        if asked > longest:
            return RetryDecision(Next.EXHAUSTED)
        return RetryDecision(Next.POSTPONE, timedelta(seconds=math.ceil(asked)))

    def _backoff(self, record: TaskRecord) -> timedelta:
        full = self.backoff_seconds(record.attempts_used)
        return timedelta(seconds=round(full * (1 - self.backoff_jitter * self._draw(record))))

    def _draw(self, record: TaskRecord) -> float:
        if not self.seed:
            return random.random()  # noqa: S311 - spreads load, keeps no secret
        key = f"{self.seed}:{record.task_id}:{record.attempt_count}:wait".encode()
        return int.from_bytes(hashlib.sha256(key).digest()[:8]) / 2**64
