"""Failures made on purpose, so that retries and dead letters can be watched without breaking anything."""

import hashlib
import random
from dataclasses import dataclass

from taskguard.model.errors import SimulatedFailure


@dataclass(frozen=True, slots=True)
class Simulation:
    """Decides which attempts fail.

    Parameters
    ----------
    failure_rate
        Share of attempts that fail, 0 (none) to 1 (all).
    permanent_failure_suffix
        Every attempt of a task whose id ends so fails; empty for none.
    seed
        With a seed, an attempt's fate is a function of seed, task id and attempt number alone;
        without one (empty), it is random.
    """

    failure_rate: float = 0.0
    permanent_failure_suffix: str = ""
    seed: str = ""

    def fails(self, task_id: str, attempt: int) -> bool:
        """Tell whether the attempt (from 1, counted over the task's whole life) fails."""
        if self.permanent_failure_suffix and task_id.endswith(self.permanent_failure_suffix):
            return True
        return self._draw(task_id, attempt) < self.failure_rate

    def outcome(self, task_id: str, max_attempts: int) -> int | None:
        """Return the number of the attempt that completes the task, or None if all fail; needs a seed."""
        if not self.seed:
            raise ValueError("without a seed the outcome cannot be predicted")
        return next((n for n in range(1, max_attempts + 1) if not self.fails(task_id, n)), None)

    def check(self, task_id: str, attempt: int) -> None:
        """Raise `SimulatedFailure` if the attempt fails."""
        if self.fails(task_id, attempt):
            raise SimulatedFailure(f"simulated failure of attempt {attempt}")

    def _draw(self, task_id: str, attempt: int) -> float:
        if not self.seed:
            return random.random()  # noqa: S311 - a die, not a secret
        key = f"{self.seed}:{task_id}:{attempt}".encode()
        return int.from_bytes(hashlib.sha256(key).digest()[:8]) / 2**64
