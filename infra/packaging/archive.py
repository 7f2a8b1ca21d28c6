"""The functions' deployment packages: which files are in them, and the zip that is made of them.

The program gives Pulumi an `AssetArchive` of single files, not a finished zip: the engine hashes only names
and contents (no timestamps, no modes), so the same sources have the same hash on every machine, and a preview
names the file that changed. `zip_bytes` makes the zip where there is no engine, as in the local cloud.
"""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Literal, TypeAlias

import pulumi

from taskguard.declarations import data_modules

PROGRAM = Path(__file__).resolve().parents[2]
FUNCTIONS = "functions"
SHARED = "taskguard"
WORK = "work"
WORK_REQUIREMENTS = "requirements.txt"

Work: TypeAlias = Literal["nothing", "kinds", "all"]
"""What of the user's own work is in an archive."""

# The earliest time that a zip can hold; any fixed time would do.
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
# A regular file, readable by everyone: Lambda runs the code as a user who does not own it.
FIXED_MODE = 0o100644 << 16


def function_archive(folder: str, root: Path = PROGRAM, *, work: Work = "nothing") -> pulumi.AssetArchive:
    """Return the package of the function in `functions/<folder>/`: its own modules and the shared domain.

    Parameters
    ----------
    folder
        The function's folder, the first part of its handler.
    work
        What of the user's own work comes with it: nothing, the data-only declarations of kinds, or all files.
    root
        The folder that contains `functions/`. The archive's paths are relative to it, so that the stack's
        state does not depend on where a clone lies.

    Raises
    ------
    FileNotFoundError
        If the function or the shared domain has no modules.
    """
    base = root / FUNCTIONS
    sources = [*_modules(base / SHARED), *_modules(base / folder), *_work(base, work)]
    return pulumi.AssetArchive(
        {
            path.relative_to(base).as_posix(): pulumi.FileAsset(path.relative_to(root).as_posix())
            for path in sorted(sources)
        }
    )


def _work(base: Path, work: Work) -> list[Path]:
    match work:
        case "nothing":
            return []
        case "kinds":
            return data_modules(base)
        case "all":
            # Whatever work reads from beside its modules, too: templates, certificates, tables.
            return [
                path for path in (base / WORK).rglob("*") if path.is_file() and not _is_byproduct(path, base)
            ]


def _is_byproduct(path: Path, base: Path) -> bool:
    """Return whether a file is left by tools, or is the list of packages that the layer is made of."""
    parts = path.relative_to(base / WORK).parts
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return hidden or parts[-1].endswith("~") or parts == (WORK_REQUIREMENTS,)


def zip_bytes(archive: pulumi.Archive, root: Path = PROGRAM) -> bytes:
    """Return an archive as a zip, with the same bytes on every machine and at any time.

    Parameters
    ----------
    archive
        An `AssetArchive` of file assets.
    root
        The folder that the archive's paths are relative to.

    Raises
    ------
    TypeError
        If the archive is of another kind, or has assets that are not files.
    """
    if not isinstance(archive, pulumi.AssetArchive):
        raise TypeError(f"cannot zip a {type(archive).__name__}")
    return write_zip({name: (root / _path(asset)).read_bytes() for name, asset in archive.assets.items()})


def write_zip(files: dict[str, bytes]) -> bytes:
    """Return a zip of the files, sorted by name, with fixed times and modes.

    It is stored, not deflated: deflate's output differs between versions of zlib.
    """
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.external_attr = FIXED_MODE
            entry.create_system = 3  # Unix; the default depends on the machine
            target.writestr(entry, files[name])
    return buffer.getvalue()


def _modules(folder: Path) -> list[Path]:
    modules = list(folder.rglob("*.py"))
    if not modules:
        raise FileNotFoundError(f"no Python modules in {folder}")
    return modules


def _path(asset: pulumi.Asset | pulumi.Archive) -> str:
    if not isinstance(asset, pulumi.FileAsset):
        raise TypeError(f"cannot zip a {type(asset).__name__}")
    return asset.path
