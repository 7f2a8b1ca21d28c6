"""Something that happens again and again, at random moments, in the background."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Event


@contextmanager
def recurring(action: Callable[[], object], mean_seconds: float, random: Random) -> Iterator[None]:
    """Do something for as long as the context lasts, after waits of `mean_seconds` on average.

    An error ends it, and is raised when the context is left.
    """
    stopped = Event()

    def again_and_again() -> None:
        while not stopped.wait(random.uniform(0, 2 * mean_seconds)):
            action()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(again_and_again)
        try:
            yield
        finally:
            stopped.set()
        done.result()
