"""The AWS emulator as a child process on a free port of 127.0.0.1, stopped with everything it started."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from local.emulator import leash
from local.emulator.child import leashed_child
from local.emulator.venv import emulator_python
from local.errors import EmulatorError
from local.project import REPOSITORY

HOST = "127.0.0.1"
RUNS_FOLDER = REPOSITORY / ".local"
"""Each run has its own folder in here, which is removed when the run ends."""

START_TIMEOUT_SECONDS = 30.0
PORT_ATTEMPTS = 5
_LOG_TAIL_CHARACTERS = 2000
_LISTENING = f"Running on http://{HOST}"


@dataclass(frozen=True)
class Emulator:
    """A running emulator.

    Parameters
    ----------
    endpoint_url
        Where all its AWS services answer, such as `http://127.0.0.1:40123`.
    folder
        The run's own folder, which is removed when the emulator stops.
    """

    endpoint_url: str
    folder: Path


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running_emulator(
    progress: Callable[[str], None], *, ports: Iterable[int] | None = None
) -> Iterator[Emulator]:
    """Run an emulator for as long as the context lasts.

    Parameters
    ----------
    progress
        Called with a line of text before anything that takes long.
    ports
        Ports to try in turn until one is not taken; by default, some that are free at this moment.

    Raises
    ------
    EmulatorError
        It cannot be installed, or does not start; the text ends with what its log said last.
    """
    python = emulator_python(progress)
    with contextlib.ExitStack() as stack:
        yield _start(stack, python, ports or (free_port() for _ in range(PORT_ATTEMPTS)))


def _start(stack: contextlib.ExitStack, python: Path, ports: Iterable[int]) -> Emulator:
    taken = []
    for port in ports:
        try:
            return stack.enter_context(_emulator_on(python, port))
        except _PortTakenError:
            taken.append(port)
    raise EmulatorError(f"The AWS emulator cannot start: somebody else listens on {HOST}, ports {taken}.")


class _PortTakenError(EmulatorError):
    """Another process listens on the chosen port."""


@contextlib.contextmanager
def _emulator_on(python: Path, port: int) -> Iterator[Emulator]:
    with _run_folder() as folder, (folder / "emulator.log").open("w+b") as log:
        command = [str(python), "-I", leash.__file__, str(folder), "ministack"]
        environment = _environment(folder, port)
        with leashed_child(
            command, environment=environment, folder=folder, stdout=log, stderr=log
        ) as process:
            _wait_until_ready(process, folder / "emulator.log")
            yield Emulator(f"http://{HOST}:{port}", folder)


@contextlib.contextmanager
def _run_folder() -> Iterator[Path]:
    RUNS_FOLDER.mkdir(exist_ok=True)
    # Named before it is made, and made inside the `try`: a signal may strike as soon as it is there. The name
    # is nobody else's, so that what is removed is always this run's own.
    folder = RUNS_FOLDER / f"run-{secrets.token_hex(8)}"
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path, port: int) -> dict[str, str]:
    # Made from scratch: the functions inherit it, and must not see this machine's settings or credentials.
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": str(folder),
        "TMPDIR": _made(folder / "tmp"),
        "STATE_DIR": _made(folder / "state"),
        "S3_DATA_DIR": _made(folder / "s3"),
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        # Otherwise it also listens on port 8883, on all addresses.
        "IOT_MTLS_ENABLED": "0",
        # Otherwise it removes the containers of other emulators on this machine.
        "DOCKER_HOST": f"unix://{folder}/no-docker",
    }


def _made(folder: Path) -> str:
    folder.mkdir()
    return str(folder)


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        text = log.read_text(errors="replace")
        # No request to the port: if it was taken, another process would answer.
        if _LISTENING in text:
            return
        if process.poll() is not None:
            raise _ended(text)
        time.sleep(0.02)
    raise EmulatorError(
        f"The AWS emulator was not ready after {START_TIMEOUT_SECONDS:.0f} s.\n{_tail(log.read_text())}"
    )


def _ended(log: str) -> EmulatorError:
    if "already in use" in log:
        return _PortTakenError(_tail(log))
    return EmulatorError(f"The AWS emulator ended while starting.\n{_tail(log)}")


def _tail(log: str) -> str:
    return log[-_LOG_TAIL_CHARACTERS:]
