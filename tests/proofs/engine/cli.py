"""The Pulumi CLI, with a state, a program and an emulator of its own: nothing of the user's is touched."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.emulator.server import HOST
from local.project import REPOSITORY
from tests.proofs.engine.steps import Step, parse_preview

STACK = "local"
# What is deployed, and what deploys and checks it.
PRODUCT = ("__main__.py", "Pulumi.yaml", f"Pulumi.{STACK}.yaml", "infra", "functions", "ops", "local")
# The emulator that the stack's file names.
NAMED_ENDPOINT = "http://127.0.0.1:4566"
# The emulator knows no saved queries.
EXCLUDED = ("--exclude", "**QueryDefinition**")
LONGEST_SECONDS = 900


class EngineError(RuntimeError):
    """A command of the CLI, or of the tool, failed; the text ends with what it said."""


def copy_product(folder: Path, endpoint_url: str) -> None:
    """Copy the program, for this emulator, to where a change of it does no harm."""
    folder.mkdir(parents=True)
    for name in PRODUCT:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for name in (".venv", ".build"):
        (REPOSITORY / name).mkdir(exist_ok=True)
        (folder / name).symlink_to(REPOSITORY / name)
    stack_file = folder / f"Pulumi.{STACK}.yaml"
    stack_file.write_text(stack_file.read_text().replace(NAMED_ENDPOINT, endpoint_url))


@dataclass(frozen=True)
class Engine:
    """Runs the CLI in a copy of the product; `state` is the folder of the stack's state."""

    product: Path
    state: Path

    def up(self) -> None:
        """Deploy."""
        self._pulumi("up", "--yes", "--skip-preview", *EXCLUDED)

    def preview(self) -> list[Step]:
        """Return what `up` would do."""
        return parse_preview(self._pulumi("preview", "--json", *EXCLUDED))

    def set(self, setting: str, value: str) -> None:
        """Change a setting of the stack."""
        self._pulumi("config", "set", setting, value)

    def init(self) -> None:
        """Create the stack."""
        self._run("pulumi", "stack", "init", STACK, "--non-interactive")

    def destroy(self) -> None:
        """Delete all resources."""
        self._pulumi("destroy", "--yes", "--skip-preview")

    def resources(self) -> list[str]:
        """Return the URNs of the resources in the state."""
        deployment = json.loads(self._pulumi("stack", "export"))["deployment"]
        return [resource["urn"] for resource in deployment.get("resources") or []]

    def check(self, tasks: int) -> str:
        """Check the stack with the operator's tool, and return what it found."""
        return self._run(sys.executable, "-m", "ops", "check", "--stack", STACK, "--tasks", str(tasks))

    def _pulumi(self, *words: str) -> str:
        return self._run("pulumi", *words, "--stack", STACK, "--non-interactive")

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.product,
            env=self._environment(os.environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
        if done.returncode != 0:
            raise EngineError(f"`{' '.join(command)}` failed:\n{(done.stdout + done.stderr)[-4000:].strip()}")
        return done.stdout

    def _environment(self, own: Mapping[str, str]) -> dict[str, str]:
        # Nothing that could lead to a real account, or to another state.
        kept = {key: value for key, value in own.items() if not key.startswith(("AWS_", "PULUMI_"))}
        no_proxy = ",".join(filter(None, [kept.get("NO_PROXY") or kept.get("no_proxy"), HOST]))
        home = {key: own[key] for key in ("PULUMI_HOME",) if key in own}  # has the provider's plugin
        return {
            **kept,
            **home,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": no_proxy,
            "no_proxy": no_proxy,
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
