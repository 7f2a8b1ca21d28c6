"""The dependency layer: built for Lambda, the same on every machine, offline the second time."""

import hashlib
import marshal
import shutil
import subprocess
import sys
import sysconfig
import types
import zipfile
from pathlib import Path
from typing import NoReturn

import pytest

from infra.packaging import layer
from infra.packaging.layer import LayerBuildError, LayerRecipe, layer_folder
from local.project import load_stack_config
from tests.support.program import REPOSITORY, ProgramRun, run_with_config

REQUIREMENTS = (REPOSITORY / "functions/requirements.txt").read_text(encoding="utf-8")
RECIPE = LayerRecipe(REQUIREMENTS, "python3.13")
OURS = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def contents(folder: Path) -> dict[str, bytes]:
    """Return what the engine hashes and uploads: names and contents."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return layer_folder(RECIPE, tmp_path_factory.mktemp("cache"))


@pytest.fixture
def no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("pip was called")

    monkeypatch.setattr(subprocess, "run", refuse)


def test_two_builds_are_equal(built: Path, tmp_path: Path) -> None:
    again = layer_folder(RECIPE, tmp_path)
    assert contents(again) == contents(built)
    assert again.name == built.name


@pytest.mark.usefixtures("no_pip")
def test_the_second_build_needs_neither_pip_nor_the_network(built: Path) -> None:
    assert layer_folder(RECIPE, built.parent) == built


@pytest.mark.usefixtures("no_pip")
def test_another_recipe_is_another_build(built: Path) -> None:
    with pytest.raises(AssertionError, match="pip was called"):
        layer_folder(LayerRecipe(REQUIREMENTS, "python3.12"), built.parent)


@pytest.mark.parametrize(
    "other",
    [
        LayerRecipe(REQUIREMENTS + "\n", "python3.13"),
        LayerRecipe(REQUIREMENTS, "python3.12"),
        LayerRecipe(REQUIREMENTS, "python3.13", bytecode=True),
        LayerRecipe(REQUIREMENTS, "python3.13", machine="x86_64"),
    ],
)
def test_whatever_the_layer_is_made_from_changes_its_name(other: LayerRecipe) -> None:
    assert other.key != RECIPE.key


def test_the_layer_holds_the_packages_where_lambda_looks_for_them(built: Path) -> None:
    names = contents(built).keys()
    assert "python/aws_lambda_powertools/__init__.py" in names
    assert "python/jmespath/__init__.py" in names
    assert "python/typing_extensions.py" in names
    assert {name.split("/")[0] for name in names} == {"python"}


def test_the_layer_holds_nothing_of_the_machine_that_built_it(built: Path) -> None:
    files = contents(built)
    assert not [name for name in files if "__pycache__" in name or "/bin/" in name]
    kept = {name.split("/")[-1] for name in files if ".dist-info/" in name}
    assert kept == {"METADATA", "LICENSE"}
    home = str(Path(sys.prefix)).encode()
    assert not [name for name, content in files.items() if home in content]
    assert not [path for path in built.rglob("*") if path.is_dir() and not any(path.iterdir())]


def test_what_is_native_in_the_layer_is_for_lambdas_processor(built: Path) -> None:
    native = [name for name in contents(built) if name.endswith(".so")]
    assert native
    assert not [name for name in native if not name.endswith("-aarch64-linux-gnu.so")]


def test_pip_is_told_lambdas_platform_and_to_trust_only_hashes() -> None:
    command = " ".join(RECIPE.pip_arguments(Path("requirements.txt"), Path("out")))
    for option in (
        "--require-hashes",
        "--only-binary :all:",
        "--platform manylinux2014_aarch64",
        "--implementation cp",
        "--python-version 3.13",
        "--no-compile",
    ):
        assert f" {option}" in command


def _wheel(folder: Path, platform: str, python: str = OURS, *, metadata: str = "") -> str:
    """Make a wheel of a package with one module, and return requirements that pin it."""
    tag = f"cp{python.removeprefix('python').replace('.', '')}"
    wheel = folder / f"sample-1.0-{tag}-{tag}-{platform}.whl"
    files = {
        "sample.py": "def name() -> str:\n    return 'sample'\n",
        "broken.py": "def (:\n",
        "sample-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: sample\nVersion: 1.0\n{metadata}",
        "sample-1.0.dist-info/WHEEL": f"Wheel-Version: 1.0\nTag: {tag}-{tag}-{platform}\n",
        "sample-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as target:
        for name, text in files.items():
            target.writestr(name, text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"--no-index\n--find-links {folder}\nsample==1.0 --hash=sha256:{digest}\n"


@pytest.mark.parametrize(
    ("runtime", "platform"),
    [
        ("python3.13", "manylinux2014_aarch64"),
        ("python3.13", "manylinux_2_28_aarch64"),
        ("python3.15", "manylinux_2_34_aarch64"),
        ("python3.11", "manylinux_2_26_aarch64"),
    ],
)
def test_a_wheel_is_taken_if_the_runtimes_c_library_loads_it(
    runtime: str, platform: str, tmp_path: Path
) -> None:
    made = layer_folder(LayerRecipe(_wheel(tmp_path, platform, runtime), runtime), tmp_path / "cache")
    assert "python/sample.py" in contents(made)


@pytest.mark.parametrize(
    ("runtime", "platform"),
    [
        ("python3.13", "manylinux_2_35_aarch64"),
        ("python3.13", "manylinux_2_28_x86_64"),
        ("python3.11", "manylinux_2_28_aarch64"),
    ],
)
def test_a_wheel_that_would_not_load_fails_the_build(runtime: str, platform: str, tmp_path: Path) -> None:
    with pytest.raises(LayerBuildError, match="No matching distribution found for sample"):
        layer_folder(LayerRecipe(_wheel(tmp_path, platform, runtime), runtime), tmp_path / "cache")


def _compiled(folder: Path, requirements: str) -> dict[str, bytes]:
    return contents(layer_folder(LayerRecipe(requirements, OURS, bytecode=True), folder))


def test_byte_code_is_for_the_runtime_and_knows_no_time_and_no_path_of_this_machine(tmp_path: Path) -> None:
    requirements = _wheel(tmp_path, "manylinux2014_aarch64")
    (made,) = (
        content
        for name, content in _compiled(tmp_path / "one", requirements).items()
        if name.endswith(".pyc")
    )
    assert int.from_bytes(made[4:8], "little") == 0b01  # by hash, and not checked: PEP 552
    code = marshal.loads(made[16:])  # noqa: S302 - made above
    assert isinstance(code, types.CodeType)
    assert code.co_filename == "/opt/python/sample.py"
    assert _compiled(tmp_path / "two", requirements) == _compiled(tmp_path / "one", requirements)


def test_without_the_runtimes_python_byte_code_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    recipe = LayerRecipe(REQUIREMENTS, "python3.99", bytecode=True)
    with pytest.raises(LayerBuildError, match=r"needs python3\.99 .*taskguard:layerBytecode to false"):
        layer_folder(recipe, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_python_of_the_right_name_and_another_version_compiles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: sys.executable)
    with pytest.raises(LayerBuildError, match=r"needs python3\.99"):
        layer_folder(LayerRecipe(REQUIREMENTS, "python3.99", bytecode=True), tmp_path / "cache")


def test_another_program_may_have_built_the_same_layer_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = LayerRecipe(_wheel(tmp_path, "manylinux2014_aarch64"), OURS)
    install = layer._install

    def install_twice(recipe: LayerRecipe, scratch: Path, target: Path) -> None:
        install(recipe, scratch, target)
        shutil.copytree(target, tmp_path / "cache" / f"layer-{recipe.key}" / "python")

    monkeypatch.setattr(layer, "_install", install_twice)
    made = layer_folder(recipe, tmp_path / "cache")
    assert "python/sample.py" in contents(made)
    assert list((tmp_path / "cache").iterdir()) == [made]


def test_a_package_that_is_not_what_was_pinned_fails_the_build_and_leaves_nothing(tmp_path: Path) -> None:
    pinned, _, _ = _wheel(tmp_path, "manylinux2014_aarch64").partition("sample==")
    requirements = f"{pinned}sample==1.0 --hash=sha256:{'0' * 64}\n"
    with pytest.raises(LayerBuildError, match="DO NOT MATCH THE HASHES"):
        layer_folder(LayerRecipe(requirements, OURS), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_program_deploys_this_layer_as_a_folder_which_the_engine_compresses(
    dev: ProgramRun, built: Path
) -> None:
    code = dev.one("aws:lambda/layerVersion:LayerVersion", "dependencies").inputs["code"]
    assert code.path == f".build/{built.name}"
    assert contents(REPOSITORY / code.path) == contents(built)


def test_byte_code_is_a_setting() -> None:
    config = load_stack_config("dev", {"functionRuntime": OURS, "layerBytecode": "true"})
    run = run_with_config("dev", config)
    code = run.one("aws:lambda/layerVersion:LayerVersion", "dependencies").inputs["code"]
    assert any(name.endswith(".pyc") for name in contents(REPOSITORY / code.path))


def test_the_layer_is_built_where_git_ignores_it() -> None:
    assert ".build/" in (REPOSITORY / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert layer.program_layer("python3.13").startswith(".build/")


def test_for_an_emulator_the_layer_is_for_the_python_that_runs_the_functions(tmp_path: Path) -> None:
    recipe = LayerRecipe(_wheel(tmp_path, _here(), OURS), "python3.99", here=True)
    assert "python/sample.py" in contents(layer_folder(recipe, tmp_path / "cache"))
    with pytest.raises(LayerBuildError, match="No matching distribution"):
        layer_folder(LayerRecipe(recipe.requirements, "python3.99"), tmp_path / "cache")


def test_a_list_that_leaves_a_dependency_out_fails_the_build(tmp_path: Path) -> None:
    requirements = _wheel(tmp_path, "manylinux2014_aarch64", metadata="Requires-Dist: other\n")
    with pytest.raises(LayerBuildError, match="other"):
        layer_folder(LayerRecipe(requirements, OURS), tmp_path / "cache")


def _here() -> str:
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def test_the_packages_of_the_users_work_are_in_the_layer(tmp_path: Path) -> None:
    work = tmp_path / "functions" / "work"
    work.mkdir(parents=True)
    (tmp_path / "functions" / "requirements.txt").write_text("# nothing\n", encoding="utf-8")
    assert contents(tmp_path / layer.program_layer("python3.13", root=tmp_path)) == {}
    requirements = _wheel(tmp_path, "manylinux2014_aarch64", "python3.13")
    (work / "requirements.txt").write_text(requirements, encoding="utf-8")
    assert "python/sample.py" in contents(tmp_path / layer.program_layer("python3.13", root=tmp_path))
