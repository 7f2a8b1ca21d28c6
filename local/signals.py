"""Signals that end a process, turned into exceptions, so that what is open gets closed."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

# SIGINT raises KeyboardInterrupt already.
_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def ending_by_exception() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise SystemExit, with the shell's code for them: 128 + number.

    A signal that somebody handles or ignores already (`nohup`) is left alone. Python delivers signals to the
    main thread only: elsewhere this does nothing.
    """
    main = threading.current_thread() is threading.main_thread()
    ours = [number for number in _ENDING if main and signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _exit)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _exit(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)
