"""Names for the resources that the program does not name, made as the Pulumi engine would.

See https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming-configuration.
"""

import json
import re
import secrets
import string
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from local.errors import StackConfigError

DEFAULT_PATTERN = "${name}-${hex(7)}"
"""The engine's own pattern."""

_MODES = {"default": DEFAULT_PATTERN, "verbatim": "${name}"}
_EXPRESSION = re.compile(r"\$\{([^}]*)}")
_RANDOM = re.compile(r"(hex|alphanum|string|num)\((\d+)\)")
_ALPHABETS = {
    "hex": string.hexdigits[:16],
    "alphanum": string.ascii_lowercase + string.digits,
    "string": string.ascii_lowercase,
    "num": string.digits,
}


@dataclass(frozen=True)
class Autonaming:
    """Generates physical names.

    Parameters
    ----------
    project, stack
        What `${project}` and `${stack}` stand for.
    config
        The stack's configuration; `pulumi:autonaming` in it, as JSON, has a `pattern` or a `mode`, and
        `${config.key}` refers to the others.
    """

    project: str
    stack: str
    config: Mapping[str, str]

    def name(self, logical_name: str) -> str:
        """Return a physical name for a logical one; a different one each time if the pattern is random.

        Raises
        ------
        StackConfigError
            Generated names are switched off, or Pulumi does not know an expression in the pattern.
        """
        return _EXPRESSION.sub(lambda match: self._value(match[1], logical_name), self._pattern())

    def _pattern(self) -> str:
        settings = json.loads(self.config.get("pulumi:autonaming", "{}"))
        pattern = settings.get("pattern") or _MODES.get(settings.get("mode", "default"))
        if pattern is None:
            raise StackConfigError(f"pulumi:autonaming has mode {settings['mode']!r}: name every resource.")
        return str(pattern)

    def _value(self, expression: str, logical_name: str) -> str:
        values = {
            "name": logical_name,
            "project": self.project,
            "stack": self.stack,
            "uuid": str(uuid.uuid4()),
        }
        if random := _RANDOM.fullmatch(expression):
            return "".join(secrets.choice(_ALPHABETS[random[1]]) for _ in range(int(random[2])))
        key = expression.removeprefix("config.")
        found = values.get(expression, self.config.get(key, self.config.get(f"{self.project}:{key}")))
        if found is None:
            raise StackConfigError(f"pulumi:autonaming: {expression!r} stands for nothing.")
        return found
