"""Virtual environments apart from the project's own, built when they are first needed.

The emulator has one so that the functions, which run on the emulator's interpreter, see what Lambda's runtime
has and nothing else: a package missing from the layer shows.
"""

import contextlib
import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from local.errors import EmulatorError
from local.project import REPOSITORY

REQUIREMENTS = REPOSITORY / "local" / "requirements.txt"
VENV = REPOSITORY / ".venv-emulator"


def emulator_python(progress: Callable[[str], None]) -> Path:
    """Return the interpreter of the emulator's environment; see `ensure`."""
    return ensure(VENV, REQUIREMENTS, what="the AWS emulator", progress=progress)


def ensure(venv: Path, requirements: Path, *, what: str, progress: Callable[[str], None]) -> Path:
    """Return an environment's interpreter, having built the environment if it is missing or out of date.

    Several processes may ask at once: one builds, the others wait.

    Parameters
    ----------
    venv
        The environment's folder.
    requirements
        What pip installs into it; a change in this file, or of Python's version, has it built again.
    what
        Names the environment's purpose to the user, such as "the AWS emulator".
    progress
        Called with a line of text before something is installed.

    Raises
    ------
    EmulatorError
        The environment cannot be built; the text ends with what pip said.
    """
    python = venv / "bin" / "python"
    stamp = venv / "requirements.sha256"
    wanted = _fingerprint(requirements)
    with _locked(venv.parent / ".local" / f"{venv.name}.lock"):
        if not python.exists() or _read(stamp) != wanted:
            if venv.is_symlink():
                raise EmulatorError(
                    f"{venv} is a link, and out of date: build what it points to, or remove it"
                )
            progress(f"Installing {what} (once, about half a minute) ...")
            _run(what, sys.executable, "-m", "venv", "--clear", str(venv))
            # Not compiled: far more is installed than a run imports, and Python compiles what it imports.
            options = ("--quiet", "--disable-pip-version-check", "--no-compile")
            _run(what, str(python), "-m", "pip", "install", *options, "-r", str(requirements))
            # Last: an interrupted installation has no stamp, and is done again.
            stamp.write_text(wanted)
    return python


def _fingerprint(requirements: Path) -> str:
    return hashlib.sha256(f"{sys.version_info[:2]}".encode() + requirements.read_bytes()).hexdigest()


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold `file` for this process alone; others wait. The system lets go of it if the process dies."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _run(what: str, *command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode != 0:
        said = (done.stderr or done.stdout)[-2000:]
        raise EmulatorError(f"Cannot install {what}: '{' '.join(command)}' failed.\n{said}")
