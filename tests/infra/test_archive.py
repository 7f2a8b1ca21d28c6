"""The functions' packages: what is in them, and that equal sources give equal bytes."""

import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from io import BytesIO
from os import utime
from pathlib import Path

import pulumi
import pytest

from infra.packaging.archive import function_archive, zip_bytes
from tests.support.config import stack_needs
from tests.support.program import REPOSITORY, ProgramRun

NEEDS = stack_needs("dev")


def names(archive: pulumi.AssetArchive, root: Path) -> list[str]:
    """Return the names of the files in the package's zip."""
    with zipfile.ZipFile(BytesIO(zip_bytes(archive, root))) as unzipped:
        assert unzipped.testzip() is None
        return unzipped.namelist()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A small program: two functions with one domain, and files that must not be packed."""
    files = {
        "taskguard/__init__.py": "",
        "taskguard/record.py": "RECORD = 1\n",
        "taskguard/__pycache__/record.cpython-313.pyc": "bytes",
        "one/__init__.py": "",
        "one/handler.py": "ONE = 1\n",
        "one/notes.md": "notes",
        "one/stale.pyc": "bytes",
        "two/__init__.py": "",
        "two/handler.py": "TWO = 2\n",
        "requirements.txt": "",
    }
    for name, text in files.items():
        path = tmp_path / "functions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_a_package_holds_the_domain_and_its_own_function_alone(clone: Path) -> None:
    expected = ["one/__init__.py", "one/handler.py", "taskguard/__init__.py", "taskguard/record.py"]
    assert names(function_archive("one", clone), clone) == expected


@pytest.mark.parametrize("key", NEEDS)
def test_unzipping_a_real_package_shows_its_handler_the_domain_and_nothing_else(key: str) -> None:
    folder, module, _ = NEEDS[key].handler.split(".")
    found = names(function_archive(folder), REPOSITORY)
    assert f"{folder}/{module}.py" in found
    assert "taskguard/__init__.py" in found
    assert {name.split("/")[0] for name in found} == {folder, "taskguard"}
    assert all(name.endswith(".py") for name in found)
    assert found == sorted(found)


def test_two_builds_of_clones_made_at_different_times_are_byte_equal(clone: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    shutil.copytree(clone / "functions", other / "functions")
    for path in other.rglob("*"):
        path.chmod(0o700)
        utime(path, (0, 0))
    one, two = function_archive("one", clone), function_archive("one", other)
    assert zip_bytes(one, clone) == zip_bytes(two, other)
    assert paths(one) == paths(two)


def test_a_change_of_one_function_changes_its_package_alone(clone: Path) -> None:
    before = {key: zip_bytes(function_archive(key, clone), clone) for key in ("one", "two")}
    (clone / "functions/one/handler.py").write_text("ONE = 11\n", encoding="utf-8")
    after = {key: zip_bytes(function_archive(key, clone), clone) for key in ("one", "two")}
    assert before["one"] != after["one"]
    assert before["two"] == after["two"]


def test_a_change_of_process_task_changes_one_of_the_real_packages(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "functions", tmp_path / "functions")
    before = packages(tmp_path)
    (tmp_path / "functions/work/hello.py").write_text("def hello(payload, context): ...\n", encoding="utf-8")
    (tmp_path / "functions/work/greeting.txt").write_text("Hello\n", encoding="utf-8")
    after = packages(tmp_path)
    assert [key for key in NEEDS if before[key] != after[key]] == ["process_task"]


def test_a_change_of_the_declarations_changes_the_packages_that_read_them(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "functions", tmp_path / "functions")
    before = packages(tmp_path)
    with (tmp_path / "functions/work/kinds.py").open("a", encoding="utf-8") as kinds:
        kinds.write("# changed\n")
    after = packages(tmp_path)
    changed = [key for key in NEEDS if before[key] != after[key]]
    assert changed == [key for key, needed in NEEDS.items() if needed.knows_kinds]
    assert sorted(changed) == ["process_task", "submit_task", "wake_tasks"]


def test_all_files_of_the_work_are_packaged_but_what_tools_leave_and_the_list_of_packages(
    tmp_path: Path,
) -> None:
    shutil.copytree(REPOSITORY / "functions", tmp_path / "functions")
    work = tmp_path / "functions/work"
    for name in (
        "a/b/page.html",
        "requirements.txt",
        ".DS_Store",
        "a/__pycache__/x.pyc",
        "kinds.py~",
        "c/requirements.txt",
    ):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text("x", encoding="utf-8")
    assets = function_archive("process_task", tmp_path, work="all").assets
    assert {name for name in assets if name.startswith("work/")} == {
        "work/__init__.py",
        "work/kinds.py",
        "work/a/b/page.html",
        "work/c/requirements.txt",
    }


def packages(root: Path) -> dict[str, bytes]:
    """Return the packages of all functions, by their keys in the table of needs."""
    return {
        key: zip_bytes(function_archive(needed.handler.split(".")[0], root, work=needed.work), root)
        for key, needed in NEEDS.items()
    }


def test_a_change_of_the_domain_changes_every_package(clone: Path) -> None:
    before = zip_bytes(function_archive("two", clone), clone)
    (clone / "functions/taskguard/record.py").write_text("RECORD = 2\n", encoding="utf-8")
    assert zip_bytes(function_archive("two", clone), clone) != before


def test_a_package_has_no_times(clone: Path) -> None:
    with zipfile.ZipFile(BytesIO(zip_bytes(function_archive("one", clone), clone))) as unzipped:
        assert {entry.date_time for entry in unzipped.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_an_unpacked_package_can_be_read_by_lambdas_user(clone: Path) -> None:
    with zipfile.ZipFile(BytesIO(zip_bytes(function_archive("one", clone), clone))) as unzipped:
        assert {entry.external_attr >> 16 for entry in unzipped.infolist()} == {0o100644}
        assert {entry.compress_type for entry in unzipped.infolist()} == {zipfile.ZIP_STORED}


def test_assets_have_relative_paths_so_that_the_state_does_not_depend_on_the_machine(dev: ProgramRun) -> None:
    for function in dev.all("aws:lambda/function:Function"):
        for name, path in paths(function.inputs["code"]).items():
            assert path == f"functions/{name}"
            assert (REPOSITORY / path).is_file()


def test_a_function_without_modules_is_refused_with_the_name_of_its_folder(clone: Path) -> None:
    with pytest.raises(FileNotFoundError, match="functions/three"):
        function_archive("three", clone)


@pytest.mark.parametrize(
    "archive",
    [
        pulumi.RemoteArchive("https://example.com/code.zip"),
        pulumi.AssetArchive({"a.py": pulumi.StringAsset("A = 1")}),
    ],
)
def test_what_is_not_made_of_files_cannot_be_zipped(archive: pulumi.Archive) -> None:
    with pytest.raises(TypeError, match=r"cannot zip a (RemoteArchive|StringAsset)"):
        zip_bytes(archive)


def test_packages_ignore_what_git_ignores(dev: ProgramRun) -> None:
    packed = sorted(
        {
            path
            for each in dev.all("aws:lambda/function:Function")
            for path in paths(each.inputs["code"]).values()
        }
    )
    ignored = subprocess.run(
        ["git", "check-ignore", *packed], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (ignored.returncode, ignored.stdout) == (1, "")


def paths(archive: pulumi.AssetArchive) -> dict[str, str]:
    return dict(_paths(archive))


def _paths(archive: pulumi.AssetArchive) -> Iterator[tuple[str, str]]:
    for name, asset in archive.assets.items():
        assert isinstance(asset, pulumi.FileAsset)
        yield name, str(asset.path)
