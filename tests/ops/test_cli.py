import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.cli import app

COMMANDS = [
    "demo",
    "local",
    "check",
    "status",
    "dead",
    "show",
    "redrive",
    "discard",
    "repair",
    "pause",
    "resume",
    "kinds",
    "perform",
]
REPOSITORY = Path(__file__).resolve().parents[2]


def test_help_lists_every_command() -> None:
    done = CliRunner().invoke(app, ["--help"])
    assert done.exit_code == 0
    listed = [line.split()[0] for line in done.stdout.split("Commands:\n")[1].splitlines()]
    assert listed == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert f"python -m ops {command}" in done.stdout.split("Example")[1]


def test_help_loads_no_library_of_aws_pulumi_or_http() -> None:
    heavy = ("boto3", "botocore", "pulumi", "httpx", "local.cloud")
    script = f"""
import sys
from typer.testing import CliRunner
from ops.cli import app
assert CliRunner().invoke(app, ["--help"]).exit_code == 0
sys.exit(", ".join(name for name in {heavy!r} if name in sys.modules) or None)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "args",
    [
        ["chek"],
        ["check", "--task", "3"],
        ["check", "--tasks", "0"],
        ["check", "--auth", "basic"],
        ["show"],
        [],
    ],
)
def test_wrong_usage_is_exit_code_2(args: list[str]) -> None:
    assert CliRunner().invoke(app, args).exit_code == 2


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("ops.stack.outputs.find_outputs", broken)
    assert isinstance(CliRunner().invoke(app, ["status"]).exception, ZeroDivisionError)
