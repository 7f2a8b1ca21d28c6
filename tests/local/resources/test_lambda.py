import io
import zipfile
from pathlib import Path

import pulumi
import pytest

from local.resources.lambda_ import zip_bytes


def _content(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_an_asset_archive_holds_its_assets_at_their_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "code.py").write_text("x = 1")
    monkeypatch.chdir(tmp_path)
    nested = pulumi.AssetArchive({"b.txt": pulumi.StringAsset("text")})
    archive = pulumi.AssetArchive({"a/code.py": pulumi.FileAsset("code.py"), "deep": nested})
    assert _content(zip_bytes(archive)) == {"a/code.py": b"x = 1", "deep/b.txt": b"text"}


def test_a_folder_is_zipped_with_all_below_it(tmp_path: Path) -> None:
    (tmp_path / "python" / "package").mkdir(parents=True)
    (tmp_path / "python" / "package" / "__init__.py").touch()
    assert _content(zip_bytes(pulumi.FileArchive(str(tmp_path)))) == {"python/package/__init__.py": b""}


def test_a_ready_made_zip_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "layer.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", "b")
    assert zip_bytes(pulumi.FileArchive(str(file))) == file.read_bytes()


@pytest.mark.parametrize(
    "archive", [pulumi.RemoteArchive("https://example.com/a.zip"), pulumi.FileArchive("missing")]
)
def test_what_cannot_be_read_is_refused(archive: pulumi.Archive) -> None:
    with pytest.raises(ValueError, match="the local cloud"):
        zip_bytes(archive)
