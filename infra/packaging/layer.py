"""Builds the layer of the functions' dependencies: pinned packages for Lambda's platform, on any machine.

The zip contains `python/`, which Lambda puts on the import path:
https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
"""

import hashlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.packaging.archive import PROGRAM, write_zip

# The metadata of a package that its licence wants kept; the rest depends on installer, paths and time.
KEPT_METADATA = ("METADATA", "LICENSE", "NOTICE", "COPYING")


class LayerBuildError(RuntimeError):
    """pip could not install the packages; the text contains its error output."""


@dataclass(frozen=True)
class LayerRecipe:
    """Everything that the layer's content depends on.

    Attributes
    ----------
    requirements
        Text of the requirements file; every package pinned, with hashes.
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
        """A name for the result: equal recipes give equal layers."""
        text = "\0".join((self.requirements, self.runtime, self.platform))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def pip_arguments(self, requirements_file: Path, target: Path) -> list[str]:
        """Return the command that installs the packages into `target`.

        It demands hashes, builds nothing from source, fetches nothing that is not listed, writes no bytecode,
        and chooses wheels for Lambda's interpreter, not for the one that runs pip.
        """
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        what = ["--requirement", str(requirements_file), "--require-hashes", "--no-deps"]
        how = ["--only-binary", ":all:", "--no-compile", "--target", str(target)]
        version = self.runtime.removeprefix("python")
        platform = ["--platform", self.platform, "--implementation", "cp", "--python-version", version]
        return [*pip, *what, *how, *platform]


def layer_zip(recipe: LayerRecipe, cache: Path) -> Path:
    """Return the layer's zip; it is built, which needs the network, only if it is not in the cache.

    Parameters
    ----------
    recipe
        What the layer is made from.
    cache
        The folder of finished layers, one file per recipe.

    Raises
    ------
    LayerBuildError
        If pip fails; the cache is left as it was.
    """
    finished = cache / f"layer-{recipe.key}.zip"
    if not finished.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            draft = Path(scratch) / "layer.zip"
            draft.write_bytes(write_zip(_install(recipe, Path(scratch))))
            # Renamed in one step, so that a program running at the same time never reads half a file.
            draft.replace(finished)
    return finished


def program_layer(runtime: str, root: Path = PROGRAM) -> str:
    """Return the path of the program's own layer, relative to the program's folder."""
    requirements = (root / "functions" / "requirements.txt").read_text(encoding="utf-8")
    built = layer_zip(LayerRecipe(requirements, runtime), root / ".build")
    return built.relative_to(root).as_posix()


def _install(recipe: LayerRecipe, scratch: Path) -> dict[str, bytes]:
    requirements_file = scratch / "requirements.txt"
    requirements_file.write_text(recipe.requirements, encoding="utf-8")
    target = scratch / "python"
    command = recipe.pip_arguments(requirements_file, target)
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed program, own arguments
    if result.returncode != 0:
        raise LayerBuildError(f"pip could not build the dependency layer:\n{result.stderr.strip()}")
    files = {path.relative_to(target).as_posix(): path for path in target.rglob("*") if path.is_file()}
    return {f"python/{name}": path.read_bytes() for name, path in files.items() if _kept(name)}


def _kept(name: str) -> bool:
    """Return whether a file belongs in the layer; scripts do not, as they name this machine's interpreter."""
    top, *rest = name.split("/")
    if top == "bin" or "__pycache__" in rest:
        return False
    if top.endswith(".dist-info"):
        return rest[-1].startswith(KEPT_METADATA)
    return True
