"""Finding a stack's outputs: a file, standard input, the Pulumi CLI, or the local cloud that is up."""

import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from local.cloud import OUTPUTS_FILE
from local.project import REPOSITORY
from ops.errors import OpsError, UsageError
from ops.outputs import StackOutputs, parse_outputs

THREE_WAYS = """Which stack? Say it in one of three ways:
  --stack NAME      a stack of the Pulumi CLI (runs `pulumi stack output --json`)
  --outputs FILE    a file of outputs, or - for standard input
  python -m ops local    in another terminal: the local cloud's outputs are then found by themselves"""


def find_outputs(outputs: str | None, stack: str | None, local_outputs: Path = OUTPUTS_FILE) -> StackOutputs:
    """Find the outputs of the stack that the user means.

    Parameters
    ----------
    outputs
        A file, or "-" for standard input.
    stack
        The name of a Pulumi stack.
    local_outputs
        Where a local cloud leaves its outputs while it is up.

    Raises
    ------
    UsageError
        Both were given, or neither and no local cloud is up; or the outputs are not those of TaskGuard.
    OpsError
        The file cannot be read, or the Pulumi CLI is missing or failed.
    """
    if outputs and stack:
        raise UsageError("Give either --outputs or --stack, not both.")
    if outputs == "-":
        return parse_outputs(sys.stdin.read(), "standard input")
    if outputs:
        return parse_outputs(_read(Path(outputs)), outputs)
    if stack:
        return parse_outputs(_pulumi_stack_output(stack), f"pulumi stack output --stack {stack}")
    return _of_local_cloud(local_outputs)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OpsError(f"Cannot read the stack outputs from {path}: {reason}.") from None


def _pulumi_stack_output(stack: str) -> str:
    command = ["pulumi", "stack", "output", "--json", "--non-interactive", "--stack", stack]
    try:
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise OpsError(
            "--stack needs the Pulumi CLI, and there is no `pulumi` on the PATH "
            "(https://www.pulumi.com/docs/install/). Without it, use --outputs FILE."
        ) from None
    if done.returncode:
        reason = done.stderr.strip() or f"exit code {done.returncode}"
        raise OpsError(f"`pulumi stack output --stack {stack}` failed: {reason}")
    return done.stdout


def _of_local_cloud(path: Path) -> StackOutputs:
    if not path.exists():
        raise UsageError(THREE_WAYS)
    found = parse_outputs(_read(path), str(path))
    if found.aws_endpoint_url and not _answers(found.aws_endpoint_url):
        raise UsageError(f"The local cloud of {path} is no longer running.\n{THREE_WAYS}")
    return found


def _answers(url: str) -> bool:
    """Tell whether something listens there: a killed local cloud leaves its outputs behind."""
    address = urlsplit(url)
    try:
        with socket.create_connection((address.hostname or "", address.port or 80), timeout=2):
            return True
    except OSError:
        return False
