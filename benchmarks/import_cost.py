"""What a function's cold start pays for its imports, compared with boto3 and the same clients.

Run it with `make bench`. Function and boto3 take turns, each time in a new process. Processor time is
measured, not the clock's, so that other load on the machine matters little. Both sides are compiled; with
`--cold`, layer and function are not, as in Lambda, where only boto3 comes compiled.
"""

import compileall
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from infra.packaging.archive import PROGRAM, Work, function_archive, zip_bytes
from infra.packaging.layer import program_layer
from tests.support.aws_in_process import environment

RUNS = 9
LIMIT = 1.35
"""The most that a function may cost, in multiples of what boto3 costs."""

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    **environment("https://queue", "https://dead-letters"),
}

WORK: Mapping[str, Work] = {"submit_task": "kinds", "process_task": "all", "wake_tasks": "kinds"}
"""What of the user's work is in the functions' archives."""

CHECKING = (
    "from dataclasses import dataclass; from taskguard.model.payload import to_payload; "
    "P = dataclass(type('P', (), {'__annotations__': {'a': int}})); start = time.process_time(); "
    "to_payload(P, {'a': 1})"
)
"""The first check of a payload, in a process that has everything else."""

CLIENTS = {
    "submit_task": ("dynamodb", "sqs"),
    "get_task": ("dynamodb",),
    "process_task": ("dynamodb", "sqs"),
    "monitor_dlq": ("dynamodb", "sqs"),
    "wake_tasks": ("dynamodb", "sqs"),
}


@dataclass(frozen=True)
class Cost:
    """Medians over all runs: seconds of processor time of both starts, and the ratio of each pair."""

    function: float
    boto3: float
    ratio: float


def measure(function: str, clients: tuple[str, ...], folder: Path, *, cold: bool) -> Cost:
    """Return what a function's imports and clients cost; its packages are unpacked into `folder`."""
    _unpack(function, folder)
    if not cold:
        compileall.compile_dir(folder, quiet=2)
    own = f"from {function}.handler import application; application()"
    bare = "import boto3; " + "; ".join(f"boto3.client({name!r})" for name in clients)
    _seconds(own, folder), _seconds(bare, folder)  # fill the file cache
    pairs = [(_seconds(own, folder), _seconds(bare, folder)) for _ in range(RUNS)]
    return Cost(
        function=statistics.median(own for own, _ in pairs),
        boto3=statistics.median(bare for _, bare in pairs),
        ratio=statistics.median(own / bare for own, bare in pairs),
    )


def _unpack(function: str, folder: Path) -> None:
    """Put the files that Lambda gets where Lambda has them: the function, and its layer's `python`."""
    with zipfile.ZipFile(
        BytesIO(zip_bytes(function_archive(function, work=WORK.get(function, "nothing"))))
    ) as archive:
        archive.extractall(folder)
    shutil.copytree(PROGRAM / program_layer("python3.13", here=True), folder, dirs_exist_ok=True)


def _seconds(statement: str, folder: Path) -> float:
    code = f"import time; start = time.process_time(); {statement}; print(time.process_time() - start)"
    variables = {**os.environ, **ENVIRONMENT, "PYTHONPATH": f"{folder}{os.pathsep}{folder / 'python'}"}
    command = [sys.executable, "-B", "-c", code]
    done = subprocess.run(command, env=variables, check=True, capture_output=True, text=True)  # noqa: S603
    return float(done.stdout)


def main() -> int:
    """Print a line for each function; return 1 if one is over the limit."""
    cold, worst = "--cold" in sys.argv[1:], 0.0
    for function, clients in CLIENTS.items():
        with tempfile.TemporaryDirectory() as folder:
            cost = measure(function, clients, Path(folder), cold=cold)
        worst = max(worst, cost.ratio)
        sys.stdout.write(
            f"{function:13} {cost.function:.3f} s, boto3 {cost.boto3:.3f} s: {cost.ratio:.2f} times\n"
        )
    with tempfile.TemporaryDirectory() as folder:
        _unpack("submit_task", Path(folder))
        compileall.compile_dir(folder, quiet=2)
        seconds = statistics.median(_seconds(CHECKING, Path(folder)) for _ in range(RUNS))
    sys.stdout.write(f"{'payloads':13} {seconds:.3f} s more, once, where a kind declares one\n")
    return int(not cold and worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
