"""The Pulumi project: what `Pulumi.yaml` says, which without the Pulumi CLI nobody else would read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.errors import StackConfigError

REPOSITORY = Path(__file__).resolve().parent.parent
"""The folder of this project's own `Pulumi.yaml` and `__main__.py`."""

_STACK_FILE_PREFIX = "Pulumi."


@dataclass(frozen=True)
class Project:
    """A folder with a `Pulumi.yaml`.

    Parameters
    ----------
    folder
        Where `Pulumi.yaml`, the stack files and the program stand.
    name
        The project's name, which is also the namespace of its settings.
    config
        The `config` section as written: by name, a bare value or a declaration (`type`, `default`, `value`).
        See https://www.pulumi.com/docs/iac/concepts/projects/project-file/#config-options.
    """

    folder: Path
    name: str
    config: Mapping[str, Any]

    def full_key(self, name: str) -> str:
        """Return `name` with a namespace: the project's own, if it has none."""
        return name if ":" in name else f"{self.name}:{name}"

    def settings(self) -> dict[str, Any]:
        """Return the project's own settings as written, by name without namespace."""
        prefix = f"{self.name}:"
        keys = {self.full_key(name): value for name, value in self.config.items()}
        return {key.removeprefix(prefix): value for key, value in keys.items() if key.startswith(prefix)}

    def stacks(self) -> list[str]:
        """Return the names of the stacks that have a file, sorted."""
        files = self.folder.glob(f"{_STACK_FILE_PREFIX}*.yaml")
        return sorted(file.stem.removeprefix(_STACK_FILE_PREFIX) for file in files)

    def stack_values(self, stack: str) -> dict[str, Any]:
        """Return what `Pulumi.<stack>.yaml` sets, by full key.

        Raises
        ------
        StackConfigError
            There is no such stack, or its file is not valid.
        """
        if stack not in self.stacks():
            known = ", ".join(self.stacks()) or "none"
            raise StackConfigError(f"There is no stack {stack!r} in {self.folder}; the stacks are: {known}.")
        section = _mapping(self.folder / f"{_STACK_FILE_PREFIX}{stack}.yaml", section="config")
        return {self.full_key(name): value for name, value in section.items()}


def load_project(folder: Path = REPOSITORY) -> Project:
    """Read the `Pulumi.yaml` of `folder`.

    Raises
    ------
    StackConfigError
        The file is missing, is not YAML, or has no `name`.
    """
    file = folder / "Pulumi.yaml"
    document = _document(file)
    if not isinstance(document.get("name"), str):
        raise StackConfigError(f"{file} has no name; add the line 'name: <project>'.")
    return Project(folder, document["name"], _mapping(file, section="config"))


def _mapping(file: Path, *, section: str) -> dict[str, Any]:
    value = _document(file).get(section) or {}
    if not isinstance(value, dict):
        raise StackConfigError(f"{file}: '{section}' must be a mapping of names to values.")
    return {str(name): entry for name, entry in value.items()}


def _document(file: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StackConfigError(f"{file} does not exist.") from error
    except yaml.YAMLError as error:
        raise StackConfigError(f"{file} is not valid YAML: {error}") from error
    if document is not None and not isinstance(document, dict):
        raise StackConfigError(f"{file} must be a mapping at its top.")
    return document or {}
