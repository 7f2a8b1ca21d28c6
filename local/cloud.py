"""The local cloud: an AWS emulator with the Pulumi program deployed into it, for as long as it is needed."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from local.aws_clients import ACCESS_KEY, SECRET_KEY
from local.emulator.child import ending_by_exception, leashed_child
from local.emulator.server import HOST, RUNS_FOLDER, Emulator, running_emulator
from local.errors import DeployError
from local.outputs import DEPLOYED, published
from local.project import REPOSITORY, load_stack_config

OUTPUTS_FILE = RUNS_FOLDER / "outputs.json"
"""Where the stack's outputs are by default; of several local clouds, the last one's."""


def to_stderr(message: str) -> None:
    """Print a line to standard error, which leaves standard output to results."""
    sys.stderr.write(f"{message}\n")


@contextlib.contextmanager
def local_cloud(  # noqa: PLR0913 - what a local cloud may be asked for
    *,
    stack: str = "local",
    overrides: Mapping[str, str] = {},
    outputs_file: Path | None = OUTPUTS_FILE,
    progress: Callable[[str], None] = to_stderr,
    program_folder: Path = REPOSITORY,
    watch: bool = False,
) -> Iterator[dict[str, Any]]:
    """Start an emulator, deploy the program into it, and yield the stack's outputs, with `awsEndpointUrl`.

    However the context is left, even by Ctrl-C, SIGTERM or SIGHUP, the emulator and everything it started are
    gone afterwards, and so are the outputs. Several local clouds can run side by side, each on its own port.

    Parameters
    ----------
    stack
        The stack whose configuration is used.
    overrides
        Settings that replace the stack's: names without the namespace, values as text.
    outputs_file
        Where the outputs are published for other processes; None for nowhere.
    progress
        Called with a line of text for each step.
    program_folder
        The folder of `Pulumi.yaml` and `__main__.py`.
    watch
        Whether files that are saved in its `functions/` are taken over meanwhile.

    Raises
    ------
    LocalCloudError
        The configuration is wrong, the emulator does not start, or the deployment failed.
    """
    # The deployment reads it again, in its own process; here a mistake shows before anything is started.
    load_stack_config(stack, overrides, program_folder=program_folder)
    with ending_by_exception(), running_emulator(progress) as emulator:
        progress(f"AWS emulator at {emulator.endpoint_url}; deploying stack '{stack}' into it ...")
        outputs = emulator.folder / "outputs.json"
        command = _deployment(emulator, outputs, stack, overrides, program_folder)
        with (
            _running([*command, "--watch"] if watch else command, emulator.folder, progress),
            published(outputs, outputs_file),
        ):
            yield json.loads(outputs.read_text(encoding="utf-8"))


def _deployment(
    emulator: Emulator, outputs: Path, stack: str, overrides: Mapping[str, str], program_folder: Path
) -> list[str]:
    """Return the command that deploys the program."""
    options = {
        "--endpoint": emulator.endpoint_url,
        "--outputs": str(outputs),
        "--stack": stack,
        "--overrides": json.dumps(dict(overrides)),
        "--program": str(program_folder),
    }
    command = [sys.executable, "-m", "local.emulator.leash", str(emulator.folder), "local.deployer.deploy"]
    return command + [word for option in options.items() for word in option]


@contextlib.contextmanager
def _running(command: list[str], folder: Path, progress: Callable[[str], None]) -> Iterator[None]:
    """Run a deployment until it has deployed, or if it goes on watching, for as long as the context lasts."""
    with (
        (folder / "deploy.log").open("w+b") as errors,
        leashed_child(
            command, environment=_environment(), folder=REPOSITORY, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        lines = (line.decode(errors="replace").rstrip() for line in process.stdout or ())
        for line in lines:
            if line == DEPLOYED:
                threading.Thread(target=_pass_on, args=(lines, progress), daemon=True).start()
                yield
                return
            progress(line)
        if process.wait() != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            raise DeployError(said or f"The deployment ended with code {process.returncode}.")
        yield


def _pass_on(lines: Iterator[str], progress: Callable[[str], None]) -> None:
    with contextlib.suppress(ValueError):  # the pipe was closed, as the context was left
        for line in lines:
            progress(line)


def _environment() -> dict[str, str]:
    # Without anything that could lead the program, or boto3, to a real account or to another stack.
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_"))}
    no_proxy = ",".join(filter(None, [kept.get("NO_PROXY") or kept.get("no_proxy"), HOST]))
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "PYTHONUNBUFFERED": "1",
    }
