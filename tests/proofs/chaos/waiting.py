"""Waiting until tasks have come to rest."""

import time
from collections.abc import Callable, Sequence

from ops.stack.status import Depth
from tests.proofs.chaos.stack import Stack

_POLL_SECONDS = 1.0
_REST_FACTOR = 5.0
_SAY_SECONDS = 5.0


class Waiting:
    """Waits for a stack, and says now and then how it stands.

    Parameters
    ----------
    say
        Shows the user a line.
    patience_seconds
        The longest wait.
    """

    def __init__(self, stack: Stack, say: Callable[[str], None], patience_seconds: float) -> None:
        self._stack = stack
        self._say = say
        self._patience = patience_seconds
        self._said = 0.0

    def until_settled(self, task_ids: Sequence[str], share: float = 1.0) -> bool:
        """Return True when that share of the tasks has settled, False if it takes too long."""
        left = list(task_ids)

        def settled() -> bool:
            nonlocal left
            left = self._stack.unsettled(left)
            self._tell(f"{len(task_ids) - len(left)} of {len(task_ids)} settled")
            return len(left) <= (1 - share) * len(task_ids)

        return self._until(settled)

    def until_quiet(self) -> bool:
        """Return True when neither queue holds a message, False if it takes too long."""

        def quiet() -> bool:
            tasks, dead_letters = self._stack.depths()
            self._tell(f"task {tasks}; dead-letter {dead_letters}")
            return tasks == dead_letters == Depth()

        return self._until(quiet)

    def _until(self, reached: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + self._patience
        while True:
            looked = time.monotonic()
            if reached():
                return True
            now = time.monotonic()
            if now > deadline:
                return False
            # Looking at thousands of tasks costs the emulator time that it needs for them.
            time.sleep(max(_POLL_SECONDS, _REST_FACTOR * (now - looked)))

    def _tell(self, text: str) -> None:
        now = time.monotonic()
        if now - self._said >= _SAY_SECONDS:
            self._said = now
            self._say(text)
