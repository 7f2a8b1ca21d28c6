"""Builds the functions' dependency layer: pinned packages for Lambda's platform, whatever machine builds it.

A layer's zip holds `python/`, which Lambda puts on the import path:
https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
"""

import hashlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.packaging.archive import PROGRAM, write_zip

# Of a distribution's metadata, what its licence asks to be kept; the rest names installers, paths and times.
KEPT_METADATA = ("METADATA", "LICENSE", "NOTICE", "COPYING")


class LayerBuildError(RuntimeError):
    """pip could not gather the packages; the text says what it said."""


@dataclass(frozen=True)
class LayerRecipe:
    """All that the layer is made from.

    Attributes
    ----------
    requirements
        Text of the requirements file; every line pinned, with hashes.
    runtime
        Lambda's name of the runtime, such as `python3.13`.
    platform
        pip's name of Lambda's platform.
    """

    requirements: str
    runtime: str
    platform: str = "manylinux2014_aarch64"

    @property
    def key(self) -> str:
        """A name for the result: equal recipes, equal layers."""
        text = "\0".join((self.requirements, self.runtime, self.platform))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def pip_arguments(self, requirements_file: Path, target: Path) -> list[str]:
        """Return the command that puts the packages into `target`.

        Hashes are demanded, nothing is built from source, nothing unlisted is fetched, no byte code is
        written, and wheels are chosen for Lambda's interpreter instead of the one that runs pip.
        """
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        what = [
            "--requirement",
            str(requirements_file),
            "--target",
            str(target),
            "--require-hashes",
            "--no-deps",
        ]
        how = ["--only-binary", ":all:", "--no-compile", "--platform", self.platform]
        return [
            *pip,
            *what,
            *how,
            "--implementation",
            "cp",
            "--python-version",
            self.runtime.removeprefix("python"),
        ]


def layer_zip(recipe: LayerRecipe, cache: Path) -> Path:
    """Return the layer's zip, built only if the cache does not hold it: no network the second time.

    Parameters
    ----------
    recipe
        What it is made from.
    cache
        The folder of finished layers, one file a recipe.

    Raises
    ------
    LayerBuildError
        When pip fails; nothing is left in the cache then.
    """
    finished = cache / f"layer-{recipe.key}.zip"
    if not finished.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            draft = Path(scratch) / "layer.zip"
            draft.write_bytes(write_zip(_gather(recipe, Path(scratch))))
            # One step, so that programs that run side by side never read half a file.
            draft.replace(finished)
    return finished


def program_layer(runtime: str, root: Path = PROGRAM) -> str:
    """Return the path of the program's own layer, relative to the program."""
    requirements = (root / "functions" / "requirements.txt").read_text(encoding="utf-8")
    built = layer_zip(LayerRecipe(requirements, runtime), root / ".build")
    return built.relative_to(root).as_posix()


def _gather(recipe: LayerRecipe, scratch: Path) -> dict[str, bytes]:
    requirements_file = scratch / "requirements.txt"
    requirements_file.write_text(recipe.requirements, encoding="utf-8")
    target = scratch / "python"
    command = recipe.pip_arguments(requirements_file, target)
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed program, own arguments
    if result.returncode != 0:
        raise LayerBuildError(f"pip could not build the dependency layer:\n{result.stderr.strip()}")
    files = (path for path in target.rglob("*") if path.is_file())
    return {
        f"python/{name}": path.read_bytes()
        for path in files
        if _kept(name := path.relative_to(target).as_posix())
    }


def _kept(name: str) -> bool:
    """Tell whether a file belongs into the layer; scripts do not, they name this machine's interpreter."""
    top, *rest = name.split("/")
    if top == "bin" or "__pycache__" in rest:
        return False
    if top.endswith(".dist-info"):
        return rest[-1].startswith(KEPT_METADATA)
    return True
