"""The lock files: complete, with hashes, and in agreement with what was chosen and with each other."""

import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.program import REPOSITORY

CHOSEN = sorted(path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("requirements*.in"))
CHOSEN += [
    "functions/requirements.in",
    "examples/work/requirements.in",
    "local/requirements.in",
    "policy/requirements.in",
    "tests/proofs/conformance/requirements.in",
]
# Files that are installed into one environment (`.venv`), one after the other.
TOGETHER = [
    "requirements.txt",
    "policy/requirements.txt",
    "functions/requirements.txt",
    "examples/work/requirements.txt",
]

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?P<extras>\[[^]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)


def _name(name: str) -> str:
    """Return a package's name as PyPI compares it: https://peps.python.org/pep-0503/#normalized-names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(file: str) -> dict[str, str]:
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    return {_name(pin["name"]): pin["version"] for pin in PIN.finditer(text)}


def _chosen(file: str) -> dict[str, str]:
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    pins = _pins(file)
    for other in re.findall(r"^-r (\S+)$", text, re.MULTILINE):
        pins |= _chosen((Path(file).parent / other).as_posix())
    return pins


def _entries(file: str) -> Iterator[str]:
    """Yield each package of a lock file with its lines of hashes."""
    text = (REPOSITORY / file).read_text(encoding="utf-8").replace("\\\n", " ")
    yield from (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def test_every_list_of_packages_is_known_here() -> None:
    found = {path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("[!.]*/**/requirements*.in")}
    assert found | {"requirements.in", "requirements-dev.in"} == set(CHOSEN)


@pytest.mark.parametrize("file", CHOSEN)
def test_make_lock_was_run_after_the_last_change(file: str) -> None:
    locked = _pins(file.replace(".in", ".txt"))
    chosen = _chosen(file)
    assert chosen
    assert {name: locked.get(name) for name in chosen} == chosen


@pytest.mark.parametrize("file", CHOSEN)
def test_every_package_is_locked_with_hashes(file: str) -> None:
    entries = list(_entries(file.replace(".in", ".txt")))
    assert entries
    assert not [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]


def test_what_packages_ask_for_with_an_extra_is_locked_with_it() -> None:
    # pip takes `coverage[toml]` for another package than `coverage`, and refuses it without a pin.
    text = (REPOSITORY / "requirements-dev.txt").read_text(encoding="utf-8")
    locked = {_name(pin["name"]): re.findall(r"[\w.-]+", pin["extras"] or "") for pin in PIN.finditer(text)}
    asked = {
        (_name(one.name), extra)
        for package in importlib.metadata.distributions()
        for one in map(Requirement, package.requires or ())
        if one.marker is None or one.marker.evaluate({"extra": ""})
        for extra in one.extras
    }
    assert ("coverage", "toml") in asked
    assert not [(name, extra) for name, extra in asked if extra not in locked[name]]


@pytest.mark.parametrize("file", TOGETHER)
def test_files_that_share_an_environment_agree(file: str) -> None:
    tests_versions = _pins("requirements-dev.txt")
    assert {name: tests_versions.get(name) for name in _pins(file)} == _pins(file)


@pytest.mark.parametrize("file", CHOSEN)
def test_no_lock_file_names_where_it_was_made(file: str) -> None:
    text = (REPOSITORY / file.replace(".in", ".txt")).read_text(encoding="utf-8")
    assert not re.search(
        r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links)\b|https?://", text, re.MULTILINE
    )
