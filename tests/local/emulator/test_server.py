import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local.emulator import server
from local.emulator.server import HOST, free_port, running_emulator
from local.errors import EmulatorError
from local.project import REPOSITORY
from tests.support.local_processes import DEADLINE_SECONDS, listening, processes_naming

pytestmark = pytest.mark.emulator


def _quiet(_: str) -> None:
    """Take no interest in progress."""


def test_two_run_side_by_side_and_leave_nothing() -> None:
    with running_emulator(_quiet) as one, running_emulator(_quiet) as two:
        assert one.endpoint_url != two.endpoint_url
        assert listening(one.endpoint_url)
        assert listening(two.endpoint_url)
    assert not listening(one.endpoint_url)
    assert not one.folder.exists()
    assert processes_naming(str(one.folder)) == []


def test_a_port_that_somebody_took_meanwhile_is_given_up_for_another() -> None:
    with socket.create_server((HOST, 0)) as somebody:
        ports = [somebody.getsockname()[1], free_port()]
        with running_emulator(_quiet, ports=ports) as started:
            assert started.endpoint_url == f"http://{HOST}:{ports[1]}"


def test_it_gives_up_when_every_port_is_taken() -> None:
    with socket.create_server((HOST, 0)) as somebody:
        port = somebody.getsockname()[1]
        with (
            pytest.raises(EmulatorError, match=rf"somebody else listens on 127\.0\.0\.1, ports \[{port}\]"),
            running_emulator(_quiet, ports=[port]),
        ):
            pytest.fail("was started")


def test_an_emulator_that_does_not_start_shows_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'the reason' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(server, "emulator_python", lambda _: broken)
    with pytest.raises(EmulatorError, match=r"ended while starting\.\nthe reason"), running_emulator(_quiet):
        pass


def test_a_signal_as_soon_as_the_runs_folder_is_made_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = os.mkdir

    def make_and_strike(path: str | Path, mode: int = 0o777) -> None:
        make(path, mode)
        raise SystemExit(143)

    monkeypatch.setattr(server, "RUNS_FOLDER", tmp_path)
    monkeypatch.setattr(os, "mkdir", make_and_strike)
    with pytest.raises(SystemExit), running_emulator(_quiet):
        pytest.fail("was started")
    assert list(tmp_path.iterdir()) == []


def test_the_functions_see_nothing_of_this_machines_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    environment = server._environment(tmp_path, 1)
    assert "production" not in environment.values()
    assert environment["HOME"] == str(tmp_path)


def test_an_empty_emulator_runs_on_a_port_of_ones_choice_until_it_is_interrupted() -> None:
    port = free_port()
    command = [sys.executable, "-m", "local", "--port", str(port)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        assert listening(f"http://127.0.0.1:{port}")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=DEADLINE_SECONDS) == 0
    assert not listening(f"http://127.0.0.1:{port}")
