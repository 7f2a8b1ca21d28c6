"""A stack's configuration, read as the Pulumi CLI reads it, for programs that run without the CLI."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.errors import StackConfigError
from local.project import REPOSITORY, Project, load_project
from local.setting_types import checked_text

_ABSENT = object()


def load_stack_config(
    stack: str, overrides: Mapping[str, str] = {}, *, program_folder: Path = REPOSITORY
) -> dict[str, str]:
    """Return the configuration of a stack, for `pulumi.runtime.set_all_config`.

    Strongest first: `overrides`, `Pulumi.<stack>.yaml`, the values and defaults in `Pulumi.yaml`.

    Parameters
    ----------
    stack
        A stack that has a file, e.g. `local`.
    overrides
        Settings of this project by name, without the namespace, as text (arrays and objects as JSON).
    program_folder
        Where `Pulumi.yaml` stands.

    Returns
    -------
    dict
        Full keys (`taskguard:maxAttempts`) with values as text: objects and arrays as JSON, `true`/`false`.

    Raises
    ------
    StackConfigError
        An unknown stack, a setting that `Pulumi.yaml` does not declare, or a value of the wrong type.
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
