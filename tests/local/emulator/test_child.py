"""Signals that strike at the worst moment: what was begun is still ended, and nothing waits for ever."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.emulator import child
from local.emulator.child import ending_by_exception, leashed_child

ENDS_WHEN_LET_GO = "import select, sys; sys.exit(0 if select.select([0], [], [], 30)[0] else 1)"
"""A child that ends with code 0 when its leash is let go, or with 1 after 30 s, should it not be."""


def _strike(*_: object) -> None:
    signal.raise_signal(signal.SIGTERM)


def test_a_signal_before_the_child_is_stopped_lets_it_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "_stop_group", _strike)
    command = [sys.executable, "-c", ENDS_WHEN_LET_GO]
    with (
        pytest.raises(SystemExit) as ended,
        ending_by_exception(),
        leashed_child(
            command,
            environment=dict(os.environ),
            folder=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        pass
    assert ended.value.code == 128 + signal.SIGTERM
    assert process.wait() == 0


@contextlib.contextmanager
def _hangup_is(disposition: signal.Handlers) -> Iterator[None]:
    """Treat SIGHUP so; `nohup` has it ignored."""
    before = signal.signal(signal.SIGHUP, disposition)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _strike_while_cleaning_up(cleaned_up: list[str]) -> None:
    with ending_by_exception():
        try:
            signal.raise_signal(signal.SIGHUP)
        finally:
            signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGTERM)
            cleaned_up.append("everything")


def test_only_the_first_signal_is_heeded() -> None:
    cleaned_up = list[str]()
    with _hangup_is(signal.SIG_DFL):
        with pytest.raises(SystemExit) as ended:
            _strike_while_cleaning_up(cleaned_up)
        assert (ended.value.code, cleaned_up) == (128 + signal.SIGHUP, ["everything"])
        assert [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)] == [signal.SIG_DFL] * 2


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    with _hangup_is(signal.SIG_IGN):
        with ending_by_exception():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
