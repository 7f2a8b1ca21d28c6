"""A local cloud in a process of its own, to be killed."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from local.project import REPOSITORY
from tests.support.local_processes import DEADLINE_SECONDS, becomes_true

# It heeds SIGHUP even where the tests do not (`nohup`).
_SCRIPT = """
import json, signal, sys, time
from pathlib import Path
from local.emulator import server
from local.cloud import local_cloud
signal.signal(signal.SIGHUP, signal.SIG_DFL)
runs, program = Path(sys.argv[1]), Path(sys.argv[2])
server.RUNS_FOLDER = runs
with local_cloud(program_folder=program, outputs_file=runs / "outputs.json"):
    print("up", flush=True)
    time.sleep(60)
"""


class CloudProcess:
    """Runs a local cloud whose processes all name the folder `runs` in their command lines.

    Parameters
    ----------
    runs
        An empty folder for the run's files and its outputs.
    program
        The folder of the program to deploy.
    """

    def __init__(self, runs: Path, program: Path) -> None:
        self.runs = runs
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SCRIPT, str(runs), str(program)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_until_starting(self) -> None:
        """Return when the emulator is about to start."""
        assert becomes_true(lambda: any(self.runs.glob("run-*")))

    def wait_until_deploying(self) -> None:
        """Return when the emulator is up and the deployment begins."""
        assert self.process.stderr is not None
        assert any("deploying" in line for line in self.process.stderr)

    def wait_until_up(self) -> dict[str, Any]:
        """Return the outputs when the cloud is up."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "up\n"
        outputs: dict[str, Any] = json.loads((self.runs / "outputs.json").read_text())
        return outputs

    def end(self, number: signal.Signals) -> int:
        """Send a signal, wait for the process's end, and return its code (negative: died of that signal)."""
        self.process.send_signal(number)
        with self.process:
            self.process.wait(timeout=DEADLINE_SECONDS)
        return self.process.returncode
