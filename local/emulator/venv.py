"""The emulator's own virtual environment, built from `local/requirements.txt` when needed.

It is apart from the project's so that the functions, which run on the emulator's interpreter, see what
Lambda's runtime has and nothing else: a package missing from the layer shows.
"""

import contextlib
import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from local.errors import EmulatorError
from local.project import REPOSITORY


@contextlib.contextmanager
def file_lock(file: Path) -> Iterator[None]:
    """Hold `file` for this process alone; others wait. The system lets go of it if the process dies."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


REQUIREMENTS = REPOSITORY / "local" / "requirements.txt"
VENV = REPOSITORY / ".venv-emulator"


def emulator_python(
    progress: Callable[[str], None],
    *,
    venv: Path = VENV,
    requirements: Path = REQUIREMENTS,
    what: str = "the AWS emulator",
    pip_options: Sequence[str] = (),
) -> Path:
    """Return the emulator's interpreter, having built its environment if that is missing or out of date.

    Another environment apart from the project's is built in the same way; ``what`` names it to the user, and
    ``pip_options`` are given to pip.

    Several processes may ask at once: one builds, the others wait.

    Raises
    ------
    EmulatorError
        The environment cannot be built; the text ends with what pip said.
    """
    python = venv / "bin" / "python"
    stamp = venv / "requirements.sha256"
    wanted = _fingerprint(requirements)
    with file_lock(venv.parent / ".local" / f"{venv.name}.lock"):
        if not python.exists() or _read(stamp) != wanted:
            progress(f"Installing {what} (once, about half a minute) ...")
            _run(what, sys.executable, "-m", "venv", "--clear", str(venv))
            _run(
                what,
                str(python),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                *pip_options,
                "-r",
                str(requirements),
            )
            # Last: an interrupted installation has no stamp, and is done again.
            stamp.write_text(wanted)
    return python


def _fingerprint(requirements: Path) -> str:
    return hashlib.sha256(f"{sys.version_info[:2]}".encode() + requirements.read_bytes()).hexdigest()


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""


def _run(what: str, *command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode != 0:
        said = (done.stderr or done.stdout)[-2000:]
        raise EmulatorError(f"Cannot install {what}: '{' '.join(command)}' failed.\n{said}")
