"""`kinds` and `perform`."""

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ops.cli import app
from taskguard import testing
from tests.support.program import REPOSITORY

KINDS = """
from dataclasses import dataclass
from taskguard.kinds import Kind, Lane

@dataclass(frozen=True)
class Thumbnail:
    url: str
    width: int = 200

LANES = {"default": Lane(), "slow": Lane(), "old": Lane(closed=True)}
KINDS = {
    "thumbnail": Kind("work.images:make", payload=Thumbnail, lane="slow", max_attempts=5, aliases=("th",)),
}
"""


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, [*arguments], input=given)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program whose work needs a package that is not installed."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "__init__.py").touch()
    (work / "kinds.py").write_text(KINDS, encoding="utf-8")
    (work / "images.py").write_text("import no_such_package\n\ndef make(payload, context): ...\n", "utf-8")
    monkeypatch.setattr(testing, "FUNCTIONS", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("program")
def test_kinds_are_listed_with_lane_work_payload_and_what_they_have_of_their_own() -> None:
    shown = run("kinds").stdout
    for text in (
        "thumbnail",
        "slow",
        "work.images:make",
        "url:",
        "width:",
        "max_attempts=5",
        "('th',)",
    ):
        assert text in shown
    assert "probe.slow" in shown
    assert shown.endswith("LANES: default, slow, old (closed)\nDEFAULT_KIND: probe\n")


@pytest.mark.usefixtures("program")
def test_kinds_as_json() -> None:
    assert json.loads(run("kinds", "--json").stdout)["thumbnail"] == {
        "work": "work.images:make",
        "lane": "slow",
        "max_attempts": 5,
        "aliases": ["th"],
        "payload": {"url": "str", "width": "int"},
    }


def test_mistakes_in_the_declarations_are_all_told(program: Path) -> None:
    (program / "work" / "kinds.py").write_text(f'{KINDS}DEFAULT_KIND = "x"\nimport numpy\n', encoding="utf-8")
    for command in (("kinds",), ("perform", "probe")):
        done = run(*command)
        assert done.exit_code == 1
        assert "numpy is imported" in done.stderr


def test_work_that_cannot_be_imported_is_told_when_it_is_asked_for(tmp_path: Path) -> None:
    done = _in_a_copy(tmp_path, "kinds", "--check")
    assert done.returncode == 1
    assert "thumbnail: work.images:make cannot be imported: ModuleNotFoundError" in done.stderr
    assert _in_a_copy(tmp_path, "kinds").returncode == 0


def _in_a_copy(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a program with this test's work in place of the repository's."""
    if not (folder / "functions").exists():
        _functions(folder)
    if not (folder / "ops").exists():
        shutil.copytree(REPOSITORY / "ops", folder / "ops")
        (folder / "local").symlink_to(REPOSITORY / "local")
    command = [sys.executable, "-m", "ops", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _functions(folder: Path) -> None:
    shutil.copytree(REPOSITORY / "functions", folder / "functions")
    work = folder / "functions" / "work"
    (work / "kinds.py").write_text(KINDS, encoding="utf-8")
    (work / "images.py").write_text("import no_such_package\n\ndef make(payload, context): ...\n", "utf-8")


def test_an_attempt_that_completes_prints_its_result_and_exits_with_0() -> None:
    done = run("perform", "probe", "--payload", "[1]")
    assert done.exit_code == 0
    result, status = done.stdout.splitlines()
    assert json.loads(result.removeprefix("RESULT: "))["bytes"] == 3
    assert status == "STATUS: COMPLETED"


def test_an_attempt_that_fails_says_when_the_next_one_is_and_exits_with_1() -> None:
    done = run("perform", "probe", "--payload", '{"failAttempts": 2}', "--attempt", "2")
    assert done.exit_code == 1
    assert done.stdout == "STATUS: RETRYING, next attempt after 10 s\n"
    assert done.stderr == "SimulatedFailure: attempt 2 was asked to fail\n"


def test_the_payload_may_come_from_a_file_or_from_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_text("[1, 2]", encoding="utf-8")
    from_file = run("perform", "probe", "--payload", f"@{file}").stdout
    assert from_file == run("perform", "probe", "--payload", "@-", given="[1, 2]").stdout
    assert '"bytes": 5' in from_file


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nope"], "nope: /kind is not known; the kinds are probe"),
        (["probe", "--payload", "{"], "--payload: it is not JSON"),
        (["probe", "--payload", "@/does/not/exist"], "No such file or directory"),
    ],
)
def test_what_was_typed_wrongly_is_told_and_exits_with_2(arguments: list[str], told: str) -> None:
    done = run("perform", *arguments)
    assert done.exit_code == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_of_the_works_own_is_shown_with_its_traceback_and_children_are_listed(
    tmp_path: Path,
) -> None:
    _functions(tmp_path)
    work = tmp_path / "functions" / "work"
    (work / "kinds.py").write_text(
        'from taskguard.kinds import Kind\nKINDS = {"a": Kind("work.images:make")}'
    )
    text = """
    import logging
    def make(payload, context):
        logging.getLogger(__name__).info("making %s", payload)
        context.submit("a", {"n": 1}, key="x")
        raise ValueError("[no] such thing")
    """
    (work / "images.py").write_text(textwrap.dedent(text), encoding="utf-8")
    done = _in_a_copy(tmp_path, "perform", "a", "--payload", '{"n": 0}')
    assert done.returncode == 1
    assert "INFO work.images: making {'n': 0}" in done.stderr
    assert 'raise ValueError("[no] such thing")' in done.stderr
    assert "taskguard" not in done.stderr
    child, status = done.stdout.splitlines()
    assert child.startswith('CHILD: a {"n": 1} ')
    assert status == "STATUS: RETRYING, next attempt after 5 s"


def test_what_no_work_raised_is_told_in_one_line(tmp_path: Path) -> None:
    _functions(tmp_path)
    done = _in_a_copy(tmp_path, "perform", "thumbnail", "--payload", "{}")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("KindUnavailable: work.images:make cannot be imported: ")
    (tmp_path / "functions" / "work" / "images.py").write_text("def make(payload, context): ...", "utf-8")
    done = _in_a_copy(tmp_path, "perform", "thumbnail", "--payload", "{}")
    assert done.stderr == "InvalidPayload: /url field required\n"
    assert done.stdout == "STATUS: DEAD_LETTERED\n"
