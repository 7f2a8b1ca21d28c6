"""The built-in kind `probe`: simulated work, by which a stack is tried without doing anything real."""

import hashlib
from dataclasses import dataclass

from taskguard.model import json_text
from taskguard.model.errors import SimulatedFailure
from taskguard.model.json_text import Json
from taskguard.model.simulation import Simulation
from taskguard.work import Context


@dataclass(frozen=True)
class Probe:
    """Work that fails as the stack's simulation settings say, or as its payload asks, and else succeeds."""

    simulation: Simulation

    def __call__(self, payload: Json, context: Context) -> Json:
        """Return size and digest of the payload.

        A payload `{"failAttempts": 2}` asks for the first two attempts of the task to fail.

        Raises
        ------
        SimulatedFailure
            The attempt was to fail.
        """
        self.simulation.check(context.task_id, context.attempt)
        if context.attempt <= _failures_asked_for(payload):
            raise SimulatedFailure(f"attempt {context.attempt} was asked to fail")
        text = json_text.compact(payload).encode()
        return {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}


def _failures_asked_for(payload: Json) -> int:
    asked = payload.get("failAttempts") if isinstance(payload, dict) else None
    return asked if isinstance(asked, int) else 0
