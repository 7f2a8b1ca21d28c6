"""A Pulumi archive as the zip file that the engine would upload."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pulumi


def zip_bytes(archive: pulumi.Archive) -> bytes:
    """Return an archive as a zip file; paths are relative to the current folder, the program's.

    Parameters
    ----------
    archive
        An `AssetArchive`, or a `FileArchive` of a folder or of a ready-made zip, which stays as it is.

    Raises
    ------
    ValueError
        The archive holds something that the local cloud cannot read (a URL).
    """
    if isinstance(archive, pulumi.FileArchive) and zipfile.is_zipfile(archive.path):
        return Path(archive.path).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in sorted(_entries(archive, PurePosixPath())):
            file.writestr(zipfile.ZipInfo(str(name)), content)
    return buffer.getvalue()


def _entries(item: pulumi.Archive | pulumi.Asset, at: PurePosixPath) -> Iterator[tuple[PurePosixPath, bytes]]:
    match item:
        case pulumi.AssetArchive():
            for name, member in item.assets.items():
                yield from _entries(member, at / name)
        case pulumi.FileArchive():
            yield from _folder_entries(Path(item.path), at)
        case pulumi.FileAsset():
            yield at, Path(item.path).read_bytes()
        case pulumi.StringAsset():
            yield at, item.text.encode()
        case _:
            raise ValueError(f"the local cloud cannot read a {type(item).__name__}")


def _folder_entries(folder: Path, at: PurePosixPath) -> Iterator[tuple[PurePosixPath, bytes]]:
    if not folder.is_dir():
        raise ValueError(f"the local cloud reads an archive from a folder or a zip, and {folder} is neither")
    for file in folder.rglob("*"):
        if file.is_file():
            yield at / file.relative_to(folder).as_posix(), file.read_bytes()
