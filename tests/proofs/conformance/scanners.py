"""Runs scanners that are programs of their own, offline, from the virtual environment that holds them."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from local.emulator.venv import ensure
from local.project import REPOSITORY

VENV = REPOSITORY / ".venv-scanners"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


@cache
def _programs() -> Path:
    def progress(_: str) -> None:
        print("Installing the scanners (once, about a minute) ...")  # noqa: T201 - shown when a test fails

    return ensure(VENV, REQUIREMENTS, what="the scanners", progress=progress).parent


def run(program: str, *arguments: str | Path, home: Path, returns: tuple[int, ...] = (0,)) -> str:
    """Return what a scanner prints, or fail with what it complains about.

    Parameters
    ----------
    home
        An empty folder: scanners look for settings, and some for an account's key, in the user's.
    returns
        Exit codes that mean that the scan took place.
    """
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [_programs() / program, *arguments],
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in returns, f"{program} returned {done.returncode}: {done.stderr or done.stdout}"
    return done.stdout


def cfn_lint(templates: list[Path], region: str, home: Path) -> list[str]:
    """Return cfn-lint's findings, errors and warnings, as `file: code: message`."""
    # Bits of its exit code: 2 errors, 4 warnings. https://github.com/aws-cloudformation/cfn-lint#exit-codes
    arguments = ("--format", "json", "--regions", region, "--")
    findings = json.loads(run("cfn-lint", *arguments, *templates, home=home, returns=(0, 2, 4, 6)))
    return [f"{Path(each['Filename']).name}: {each['Rule']['Id']}: {each['Message']}" for each in findings]


def checkov(folder: Path, home: Path) -> dict[str, Any]:
    """Return checkov's report about all templates in a folder."""
    # Without --skip-download it asks its maker's server for the severity of its rules.
    arguments = ("--framework", "cloudformation", "--skip-download", "--compact", "--output", "json")
    report: dict[str, Any] = json.loads(
        run("checkov", "--directory", folder, *arguments, home=home, returns=(0, 1))
    )
    return report


def parliament(folder: Path, home: Path) -> list[dict[str, Any]]:
    """Return parliament's findings about all policies (`*.json`) in a folder, whatever their severity."""
    arguments = ("--json", "--include-community-auditors", "--directory")
    lines = run("parliament", *arguments, folder, home=home, returns=(0, 1)).splitlines()
    return [json.loads(line) for line in lines]
