"""What a resource is created from: its inputs, as the program gives them and as AWS takes them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime import rpc

from local.aws_clients import AwsClients


class Inputs:
    """The inputs of one resource, which remember what a creator has taken.

    An input that no creator takes would silently have no effect; `untaken` tells.

    Parameters
    ----------
    values
        As Pulumi's mock monitor gives them: camelCase keys, numbers as floats, secrets wrapped.
    generate_name
        Makes a physical name if the program gives none.
    """

    def __init__(self, values: Mapping[str, Any], generate_name: Callable[[], str]) -> None:
        self.values: dict[str, Any] = {key: plain(value) for key, value in values.items()}
        self._generate_name = generate_name
        self._taken: set[str] = set()

    def take(self, key: str, default: Any = None) -> Any:
        """Return an input, or `default` if the program does not set it."""
        self._taken.add(key)
        value = self.values.get(key)
        return default if value is None else value

    def name(self, key: str = "name") -> str:
        """Return the physical name: the program's, or a generated one."""
        return self.take(key) or self._generate_name()

    def parameters(self, *keys: str, **renamed: str) -> dict[str, Any]:
        """Return those inputs that are set as AWS parameters, with keys in PascalCase at every depth.

        Parameters
        ----------
        keys
            Inputs that AWS calls the same: `functionName` becomes `FunctionName`.
        renamed
            Inputs that AWS calls otherwise, by AWS's name.
        """
        wanted = {pascal_case(key): key for key in keys} | renamed
        found = {parameter: self.take(key) for parameter, key in wanted.items()}
        return {parameter: pascal_keys(value) for parameter, value in found.items() if value is not None}

    def tags(self) -> dict[str, str]:
        """Return the tags as a map."""
        return dict(self.take("tags", {}))

    def tag_list(self, key: str = "Key", value: str = "Value") -> list[Any]:
        """Return the tags as a list of pairs, as several older services take them."""
        return [{key: name, value: text} for name, text in self.tags().items()]

    def without_meaning_here(self, *keys: str) -> None:
        """Take inputs that only tell the AWS provider what to do in a later update or destroy."""
        self._taken.update(keys)

    def untaken(self) -> list[str]:
        """Return the inputs that are set, but that nothing has taken."""
        return sorted(
            key for key, value in self.values.items() if value is not None and key not in self._taken
        )


def plain(value: Any) -> Any:
    """Return a value without secret wrappers, and with whole numbers as integers, at every depth."""
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def pascal_case(key: str) -> str:
    """Return `maxAttempts` as `MaxAttempts`."""
    return key[:1].upper() + key[1:]


def pascal_keys(value: Any) -> Any:
    """Return a value with the keys of all its mappings in PascalCase."""
    if isinstance(value, Mapping):
        return {pascal_case(key): pascal_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [pascal_keys(item) for item in value]
    return value


def present(parameters: Mapping[str, Any], absent: Iterable[Any] = (None, {}, [])) -> dict[str, Any]:
    """Return the parameters that are neither None nor empty."""
    return {key: value for key, value in parameters.items() if value not in absent}


@dataclass(frozen=True)
class Created:
    """A resource that has been created.

    Parameters
    ----------
    id
        Its physical id, as the AWS provider reports it.
    outputs
        What the provider would compute (`arn`, `url` ...), by camelCase name, besides the inputs.
    """

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict)


Creator = Callable[[AwsClients, Inputs], Created]
"""Creates one resource of one type."""
