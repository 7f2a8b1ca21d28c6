"""Builds the layer of the functions' dependencies: pinned packages for Lambda's platform, on any machine.

The folder contains `python/`, which Lambda puts on the import path:
https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
"""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.packaging.archive import FUNCTIONS, PROGRAM, WORK, WORK_REQUIREMENTS

# The metadata of a package that its licence wants kept; the rest depends on installer, paths and time.
KEPT_METADATA = ("METADATA", "LICENSE", "NOTICE", "COPYING")


# The oldest C library that wheels of today ask for, and those of Amazon Linux 2 and 2023. A system takes
# wheels for its own and for every older one: https://peps.python.org/pep-0600/,
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html.
OLDEST_GLIBC, AMAZON_LINUX_2_GLIBC, AMAZON_LINUX_2023_GLIBC = 17, 26, 34
ON_AMAZON_LINUX_2 = ("python3.11",)

# Where Lambda puts the layer; tracebacks name it.
LAMBDA_FOLDER = "/opt/python"


class LayerBuildError(RuntimeError):
    """The layer could not be built; the text says why, or contains pip's error output."""


@dataclass(frozen=True)
class LayerRecipe:
    """Everything that the layer's content depends on.

    Attributes
    ----------
    requirements
        Text of the requirements file; every package pinned, with hashes.
    runtime
        Lambda's name of the runtime, such as `python3.13`.
    bytecode
        Whether the packages are compiled, which takes the runtime's Python on this machine.
    machine
        The processor's name in wheels.
    here
        Whether it is for this machine's own Python, on which an emulator runs the functions.
    """

    requirements: str
    runtime: str
    bytecode: bool = False
    machine: str = "aarch64"
    here: bool = False

    @property
    def key(self) -> str:
        """A name for the result: equal recipes give equal layers."""
        system = [sysconfig.get_platform(), sys.version] if self.here else self.platforms
        text = "\0".join((self.requirements, self.runtime, str(self.bytecode), *system))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def platforms(self) -> list[str]:
        """Return pip's names of all platforms whose wheels the runtime takes, the newest first."""
        old = self.runtime in ON_AMAZON_LINUX_2
        newest = AMAZON_LINUX_2_GLIBC if old else AMAZON_LINUX_2023_GLIBC
        numbered = [f"manylinux_2_{minor}" for minor in range(newest, OLDEST_GLIBC - 1, -1)]
        return [f"{name}_{self.machine}" for name in (*numbered, "manylinux2014")]

    def pip_arguments(self, requirements_file: Path, target: Path) -> list[str]:
        """Return the command that installs the packages into `target`.

        It demands hashes, builds nothing from source, fetches nothing that is not listed, writes no bytecode,
        and chooses wheels for Lambda's interpreter, unless the functions run on the one that runs pip.
        """
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        # With dependencies: pip then refuses a list that leaves one out, which would fail at run time only.
        what = ["--requirement", str(requirements_file), "--require-hashes"]
        how = ["--only-binary", ":all:", "--no-compile", "--target", str(target)]
        if self.here:
            return [*pip, *what, *how]
        version = ["--implementation", "cp", "--python-version", self.runtime.removeprefix("python")]
        platforms = [word for platform in self.platforms for word in ("--platform", platform)]
        return [*pip, *what, *how, *version, *platforms]


def layer_folder(recipe: LayerRecipe, cache: Path) -> Path:
    """Return the layer's folder; it is built, which needs the network, only if it is not in the cache.

    Parameters
    ----------
    recipe
        What the layer is made from.
    cache
        The folder of finished layers, one folder per recipe.

    Raises
    ------
    LayerBuildError
        If pip fails, or the Python that compiles is not on this machine; the cache is left as it was.
    """
    finished = cache / f"layer-{recipe.key}"
    if not finished.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            draft = Path(scratch) / "layer"
            _install(recipe, Path(scratch), draft / "python")
            # Renamed in one step, so that a program running at the same time never sees half a layer.
            _rename_unless_there(draft, finished)
    return finished


def program_layer(runtime: str, *, bytecode: bool = False, here: bool = False, root: Path = PROGRAM) -> str:
    """Return the path of the program's own layer, relative to the program's folder.

    It holds what TaskGuard needs, and what the user's work does, whose list of packages is a file of its own.
    """
    own, work = root / FUNCTIONS / "requirements.txt", root / FUNCTIONS / WORK / WORK_REQUIREMENTS
    requirements = "\n".join(path.read_text(encoding="utf-8") for path in (own, work) if path.exists())
    built = layer_folder(LayerRecipe(requirements, runtime, bytecode, here=here), root / ".build")
    return built.relative_to(root).as_posix()


def _rename_unless_there(draft: Path, finished: Path) -> None:
    try:
        draft.rename(finished)
    except OSError:
        if not finished.exists():  # else another program built the same one meanwhile
            raise


def _install(recipe: LayerRecipe, scratch: Path, target: Path) -> None:
    compiler = _compiler(recipe.runtime) if recipe.bytecode else None
    requirements_file = scratch / "requirements.txt"
    requirements_file.write_text(recipe.requirements, encoding="utf-8")
    command = recipe.pip_arguments(requirements_file, target)
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed program, own arguments
    if result.returncode != 0:
        raise LayerBuildError(f"pip could not build the dependency layer:\n{result.stderr.strip()}")
    for path in sorted(target.rglob("*"), reverse=True):  # what is in a folder comes before the folder
        name = path.relative_to(target).as_posix()
        if path.is_dir():
            _remove_if_empty(path)
        elif not _kept(name):
            path.unlink()
    if compiler:
        _compile(compiler, target)


def _compiler(runtime: str) -> str:
    """Return a Python of the runtime's version: the one that runs this program, or the one of that name."""
    say_version = "import sys; print('python%d.%d' % sys.version_info[:2])"
    for program in (sys.executable, shutil.which(runtime)):
        if program:
            command = [program, "-I", "-c", say_version]
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a Python
            if done.stdout.strip() == runtime:
                return program
    raise LayerBuildError(
        f"layerBytecode needs {runtime} on this machine, as byte code fits one version alone. Install it, or "
        "set taskguard:layerBytecode to false."
    )


def _compile(python: str, folder: Path) -> None:
    """Compile all modules; one that cannot be stays as it is, as importing it would fail either way."""
    # Without the sources' times, which differ from machine to machine, and with paths as they are on Lambda.
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", LAMBDA_FOLDER]
    command = [python, "-I", "-m", "compileall", *options, str(folder)]
    subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - a Python, our own arguments


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _kept(name: str) -> bool:
    """Return whether a file belongs in the layer; scripts do not, as they name this machine's interpreter."""
    top, *rest = name.split("/")
    if top == "bin" or "__pycache__" in rest:
        return False
    if top.endswith(".dist-info"):
        return rest[-1].startswith(KEPT_METADATA)
    return True
