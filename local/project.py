"""Reads `Pulumi.yaml` and the stack files into a program's configuration, as the Pulumi CLI would."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.errors import StackConfigError

REPOSITORY = Path(__file__).resolve().parent.parent
"""The folder of this project's own `Pulumi.yaml` and `__main__.py`."""

_STACK_FILE_PREFIX = "Pulumi."
_ABSENT = object()


@dataclass(frozen=True)
class Project:
    """A folder with a `Pulumi.yaml`.

    Parameters
    ----------
    folder
        Holds `Pulumi.yaml`, the stack files and the program.
    name
        The project's name, also the namespace of its settings.
    config
        The `config` section as written: by name, a bare value or a declaration (`type`, `default`, `value`).
        See https://www.pulumi.com/docs/iac/concepts/projects/project-file/#config-options.
    """

    folder: Path
    name: str
    config: Mapping[str, Any]

    def full_key(self, name: str) -> str:
        """Return `name` with its namespace: the project's own unless it has one."""
        return name if ":" in name else f"{self.name}:{name}"

    def settings(self) -> dict[str, Any]:
        """Return the project's own settings as they are written, by name without namespace."""
        prefix = f"{self.name}:"
        keys = {self.full_key(name): value for name, value in self.config.items()}
        return {key.removeprefix(prefix): value for key, value in keys.items() if key.startswith(prefix)}

    def stacks(self) -> list[str]:
        """Return the names of the stacks with a file, sorted."""
        files = self.folder.glob(f"{_STACK_FILE_PREFIX}*.yaml")
        return sorted(file.stem.removeprefix(_STACK_FILE_PREFIX) for file in files)

    def stack_values(self, stack: str) -> dict[str, Any]:
        """Return what `Pulumi.<stack>.yaml` sets, by full key.

        Raises
        ------
        StackConfigError
            There is no such stack, or its file is invalid.
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


def load_stack_config(
    stack: str, overrides: Mapping[str, str] = {}, *, program_folder: Path = REPOSITORY
) -> dict[str, str]:
    """Return the configuration of a stack, for `pulumi.runtime.set_all_config`.

    `overrides` come before `Pulumi.<stack>.yaml`, and that before the values and defaults in `Pulumi.yaml`.

    Parameters
    ----------
    stack
        A stack that has a file, e.g. `local`.
    overrides
        Settings of this project by name, without the namespace, as text (arrays and objects as JSON).
    program_folder
        The folder of `Pulumi.yaml`.

    Returns
    -------
    dict
        Full keys (`taskguard:maxAttempts`) with values as text: objects and arrays as JSON, `true`/`false`.

    Raises
    ------
    StackConfigError
        The stack is unknown, `Pulumi.yaml` does not declare a setting, or a value has the wrong type.
    """
    project = load_project(program_folder)
    own_values = {project.full_key(name): value for name, value in overrides.items()}
    given = {**project.stack_values(stack), **own_values}
    _refuse_undeclared(project, given)
    values = {**_project_values(project), **given}
    types = {project.full_key(name): _declared_type(entry) for name, entry in project.settings().items()}
    return {key: checked_text(key, value, types.get(key)) for key, value in values.items()}


def _refuse_undeclared(project: Project, given: Mapping[str, Any]) -> None:
    known = sorted(project.settings())
    declared = {project.full_key(name) for name in known}
    unknown = [key for key in given if key.startswith(f"{project.name}:") and key not in declared]
    if unknown:
        raise StackConfigError(
            f"Pulumi.yaml declares no setting {', '.join(map(repr, unknown))}; it has: {', '.join(known)}."
        )


def _project_values(project: Project) -> dict[str, Any]:
    values = {project.full_key(name): _written_value(entry) for name, entry in project.config.items()}
    return {key: value for key, value in values.items() if value is not _ABSENT}


def _written_value(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    return entry.get("value", entry.get("default", _ABSENT))


def _declared_type(entry: Any) -> str | None:
    return entry.get("type") if isinstance(entry, dict) else None


def checked_text(name: str, value: Any, declared_type: str | None) -> str:
    """Return a setting's value as text, checked against the type that `Pulumi.yaml` declares.

    Parameters
    ----------
    name
        The setting's name, for the error's text.
    value
        As it is in YAML, or as text (an override, or a quoted number).
    declared_type
        One of Pulumi's config types: `string`, `integer`, `number`, `boolean`, `array` or `object`;
        None for any.

    Raises
    ------
    StackConfigError
        The value is missing, encrypted, or not of the declared type.
    """
    if value is None:
        raise StackConfigError(f"Setting {name!r} has no value; write '' for an empty one.")
    if isinstance(value, dict) and set(value) == {"secure"}:
        raise StackConfigError(
            f"Setting {name!r} is encrypted, which only the Pulumi CLI reads; override it."
        )
    text = config_text(value)
    if not _is_of_type(text, declared_type):
        raise StackConfigError(f"Setting {name!r} must be of type {declared_type}, but is {text!r}.")
    return text


def config_text(value: Any) -> str:
    """Return a YAML value as the CLI passes it to a program: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _is_of_type(text: str, declared_type: str | None) -> bool:
    try:
        return declared_type is None or _CHECKS[declared_type](text)
    except KeyError as error:
        raise StackConfigError(f"Pulumi.yaml declares the unknown type {declared_type!r}.") from error
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    float(text)
    return True


def _is_integer(text: str) -> bool:
    int(text)
    return True


_CHECKS: dict[str, Callable[[str], bool]] = {
    "string": lambda _: True,
    "integer": _is_integer,
    "number": _is_number,
    "boolean": lambda text: text in {"true", "false"},
    "array": lambda text: isinstance(json.loads(text), list),
    "object": lambda text: isinstance(json.loads(text), dict),
}
