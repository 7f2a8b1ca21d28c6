"""A copy of the program, for tests that change it as its users do."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.support.program import REPOSITORY

PARTS = ("__main__.py", "Pulumi.yaml", "Pulumi.local.yaml", "infra", "functions")


@dataclass(frozen=True)
class ProgramCopy:
    """A program in a folder of its own."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "ProgramCopy":
        """Copy the program; layers that are built already come along."""
        for name in PARTS:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / name)
        built = REPOSITORY / ".build"
        if built.exists():
            (folder / ".build").mkdir()
            for layer in built.glob("layer-*"):
                (folder / ".build" / layer.name).symlink_to(layer)
        return cls(folder)

    @property
    def work(self) -> Path:
        """The folder of the user's work."""
        return self.folder / "functions" / "work"

    def write(self, name: str, text: str) -> None:
        """Save a file of the work, as an editor does: in one step."""
        draft = self.work / f".{name}.draft"
        draft.write_text(text, encoding="utf-8")
        draft.replace(self.work / name)

    def replace(self, path: str, before: str, after: str) -> None:
        """Change a text in a file of the program; it must be there."""
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert before in text, f"{before!r} is not in {path}"
        file.write_text(text.replace(before, after), encoding="utf-8")
