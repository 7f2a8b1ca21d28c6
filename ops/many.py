"""Doing something to many tasks, one after the other: what was done, what was not, and why."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ops.errors import InterruptedByUserError, OpsError
from taskguard.model.errors import AwsError


class NotDoneError(OpsError):
    """A task must be left as it is; the text says why."""


@dataclass
class Tally:
    """What became of the tasks so far.

    Attributes
    ----------
    done
        Ids of the tasks that it was done to.
    refused
        Reasons, by id, why tasks must be left as they are.
    failed
        Errors, by id, of tasks that it should have been done to; trying them once more is safe.
    """

    done: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, task_id: str, act: Callable[[str], object]) -> None:
        """Do it to one task and note how it went."""
        try:
            act(task_id)
        except NotDoneError as reason:
            self.refused[task_id] = str(reason)
        except AwsError as error:
            self.failed[task_id] = str(error)
        else:
            self.done.append(task_id)


def do_all(
    task_ids: Sequence[str],
    act: Callable[[str], object],
    wait: Callable[[], None],
    show: Callable[[int], None],
    done_word: str = "sent again",
) -> Tally:
    """Do something to each task, one after the other.

    Parameters
    ----------
    act
        Does it to one task, or only checks that it may be done.
    wait
        Waits for the next one's turn, see `RateLimiter`.
    show
        Called with the number of tasks dealt with so far.
    done_word
        What is done to them, for the words of an interruption.

    Raises
    ------
    InterruptedByUserError
        The user pressed Ctrl-C; the text says how far it came. Starting over is safe.
    """
    tally = Tally()
    try:
        for number, task_id in enumerate(task_ids, start=1):
            wait()
            tally.add(task_id, act)
            show(number)
    except KeyboardInterrupt:
        raise InterruptedByUserError(
            f"Interrupted: {len(tally.done)} of {len(task_ids)} {done_word}. "
            "The same command does the rest; repeating is safe."
        ) from None
    return tally


class RateLimiter:
    """Spreads calls evenly: `wait` returns at most so many times a second, the first time at once.

    Parameters
    ----------
    rate
        Times a second, above 0; infinite to never wait.
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
        """Wait for the next turn; time lost elsewhere is not made up for by a burst."""
        now = self._clock()
        if self._next > now:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + self._interval
