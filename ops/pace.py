"""Keeping to a number of things a second."""

import time
from collections.abc import Callable


class Pace:
    """Waits so that calls of `wait` return at most so many times a second; the first returns at once.

    Parameters
    ----------
    rate
        Times a second, above 0; infinite for no waiting.
    clock, sleep
        Monotonic seconds, and waiting for some.
    """

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 1 / rate
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    def wait(self) -> None:
        """Wait for one's turn; time that was lost elsewhere is not made up for by a burst."""
        now = self._clock()
        if self._next > now:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + self._interval
