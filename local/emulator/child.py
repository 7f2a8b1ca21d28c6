"""Child processes that never outlive this process, nor leave children of their own behind."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

# Killed processes are gone at once, except where nobody reaps orphans: there they stay listed, as zombies.
_GONE_TIMEOUT_SECONDS = 1.0


@contextlib.contextmanager
def leashed_child(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    stdout: IO[bytes] | int,
    stderr: IO[bytes] | int,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command that calls `local.emulator.leash.hold`, and stop its whole process group at the end.

    It runs in its own session: a terminal's Ctrl-C reaches this process alone, which then decides.

    Parameters
    ----------
    command, environment, folder
        What to run, with exactly this environment, and where.
    stdout, stderr
        As for `subprocess.Popen`.
    """
    read_end, write_end = os.pipe()
    try:
        # Not as a context: leaving it waits for the child, forever if a signal strikes before the child is
        # stopped, because the leash is let go afterwards.
        process = subprocess.Popen(  # noqa: S603 - the callers' commands are their own, no shell
            command,
            env=environment,
            cwd=folder,
            stdin=read_end,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            os.close(read_end)
            yield process
        finally:
            _stop_group(process)
            if process.stdout is not None:
                process.stdout.close()
    finally:
        # Enough by itself, should a signal strike between the fork and the inner `try`: the child ends.
        os.close(write_end)


def _stop_group(process: subprocess.Popen[bytes]) -> None:
    # Not SIGTERM first: nothing here has anything to save, and a busy worker of a function would outlive its
    # leader. The leader may also have ended by itself; the group is what has to go.
    _kill_group(process.pid)
    process.wait()
    deadline = time.monotonic() + _GONE_TIMEOUT_SECONDS
    while _kill_group(process.pid) and time.monotonic() < deadline:
        time.sleep(0.005)


def _kill_group(group: int) -> bool:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


# SIGINT raises KeyboardInterrupt already.
_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def ending_by_exception() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise SystemExit, with the shell's code for them: 128 + number.

    Only the first is heeded: a terminal that closes sends SIGHUP more than once, and what the exception
    closes must not be interrupted. A signal that is already handled or ignored (`nohup`) is left alone.
    Python delivers signals to the main thread only: in other threads this does nothing.
    """
    main = threading.current_thread() is threading.main_thread()
    ours = [number for number in _ENDING if main and signal.getsignal(number) == signal.SIG_DFL]

    def end(number: int, _: FrameType | None) -> None:
        for other in ours:
            signal.signal(other, signal.SIG_IGN)
        sys.exit(128 + number)

    try:
        for number in ours:
            signal.signal(number, end)
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
