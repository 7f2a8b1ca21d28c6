"""The types that a setting in `Pulumi.yaml` can declare, and how a value of each is written for the SDK."""

import json
from collections.abc import Callable
from typing import Any

from local.errors import StackConfigError


def config_text(value: Any) -> str:
    """Return a YAML value as the CLI hands it to a program: JSON, except that text stays as it is."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def checked_text(name: str, value: Any, declared_type: str | None) -> str:
    """Return `value` as text, having checked it against the type that its setting declares.

    Parameters
    ----------
    name
        The setting's name, for the error's text.
    value
        As YAML gave it, or as text (an override, or a quoted number).
    declared_type
        One of Pulumi's config types: `string`, `integer`, `number`, `boolean`, `array` or `object`;
        None accepts everything.

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
