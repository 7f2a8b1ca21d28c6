"""The dependency layer: built for Lambda, the same on every machine, offline the second time."""

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NoReturn

import pytest

from infra.packaging import layer
from infra.packaging.layer import LayerBuildError, LayerRecipe, layer_zip
from tests.support.program import REPOSITORY, ProgramRun

REQUIREMENTS = (REPOSITORY / "functions/requirements.txt").read_text(encoding="utf-8")
RECIPE = LayerRecipe(REQUIREMENTS, "python3.13")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return layer_zip(RECIPE, tmp_path_factory.mktemp("cache"))


@pytest.fixture
def no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("pip was called")

    monkeypatch.setattr(subprocess, "run", refuse)


def test_two_builds_are_byte_equal(built: Path, tmp_path: Path) -> None:
    again = layer_zip(RECIPE, tmp_path)
    assert again.read_bytes() == built.read_bytes()
    assert again.name == built.name


@pytest.mark.usefixtures("no_pip")
def test_the_second_build_needs_neither_pip_nor_the_network(built: Path) -> None:
    assert layer_zip(RECIPE, built.parent) == built


@pytest.mark.usefixtures("no_pip")
def test_another_recipe_is_another_build(built: Path) -> None:
    with pytest.raises(AssertionError, match="pip was called"):
        layer_zip(LayerRecipe(REQUIREMENTS, "python3.12"), built.parent)


@pytest.mark.parametrize(
    "other",
    [
        LayerRecipe(REQUIREMENTS + "\n", "python3.13"),
        LayerRecipe(REQUIREMENTS, "python3.12"),
        LayerRecipe(REQUIREMENTS, "python3.13", platform="manylinux2014_x86_64"),
    ],
)
def test_whatever_the_layer_is_made_from_changes_its_name(other: LayerRecipe) -> None:
    assert other.key != RECIPE.key


def test_the_layer_holds_the_packages_where_lambda_looks_for_them(built: Path) -> None:
    names = zipfile.ZipFile(built).namelist()
    assert "python/aws_lambda_powertools/__init__.py" in names
    assert "python/jmespath/__init__.py" in names
    assert "python/typing_extensions.py" in names
    assert {name.split("/")[0] for name in names} == {"python"}


def test_the_layer_holds_nothing_of_the_machine_that_built_it(built: Path) -> None:
    with zipfile.ZipFile(built) as unzipped:
        names = unzipped.namelist()
        assert not [name for name in names if "__pycache__" in name or "/bin/" in name]
        kept = {name.split("/")[-1] for name in names if ".dist-info/" in name}
        assert kept == {"METADATA", "LICENSE"}
        home = str(Path(sys.prefix)).encode()
        assert not [name for name in names if home in unzipped.read(name)]


def test_the_layer_is_pure_python_and_fits_any_processor(built: Path) -> None:
    assert not [name for name in zipfile.ZipFile(built).namelist() if name.endswith(".so")]


def test_pip_is_told_lambdas_platform_and_to_trust_only_hashes() -> None:
    command = " ".join(RECIPE.pip_arguments(Path("requirements.txt"), Path("out")))
    for option in (
        "--require-hashes",
        "--only-binary :all:",
        "--platform manylinux2014_aarch64",
        "--implementation cp",
        "--python-version 3.13",
        "--no-deps",
        "--no-compile",
    ):
        assert f" {option}" in command


def test_a_package_that_is_not_what_was_pinned_fails_the_build_and_leaves_nothing(tmp_path: Path) -> None:
    wheel = tmp_path / "pinned-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as target:
        target.writestr(
            "pinned-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: pinned\nVersion: 1.0\n"
        )
    requirements = f"--no-index\n--find-links {tmp_path}\npinned==1.0 --hash=sha256:{'0' * 64}\n"
    with pytest.raises(LayerBuildError, match="DO NOT MATCH THE HASHES"):
        layer_zip(LayerRecipe(requirements, "python3.13"), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_program_deploys_this_layer(dev: ProgramRun, built: Path) -> None:
    code = dev.one("aws:lambda/layerVersion:LayerVersion", "dependencies").inputs["code"]
    assert code.path == f".build/{built.name}"
    assert (REPOSITORY / code.path).read_bytes() == built.read_bytes()


def test_the_layer_is_built_where_git_ignores_it() -> None:
    assert ".build/" in (REPOSITORY / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert layer.program_layer("python3.13").startswith(".build/")
