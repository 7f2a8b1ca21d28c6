"""Rules of settings that are objects of objects: figures by lane, permissions by lane, a network."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.settings.rules import Whole


@dataclass(frozen=True)
class FiguresByLane:
    """A map of lanes, each with some figures; `figures` has the range of each."""

    figures: Mapping[str, Whole]

    def __str__(self) -> str:
        words = ", ".join(f"{name} ({rule.low} to {rule.high})" for name, rule in self.figures.items())
        return f"a map of lanes, each a map of {words}"

    def read(self, text: str) -> dict[str, dict[str, int]]:
        """Return the map in the JSON text."""
        return _object(text)

    def admits(self, value: object) -> bool:
        """Return whether it is such a map, with no other figures."""
        if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
            return False
        return all(
            name in self.figures and self.figures[name].admits(number)
            for figures in value.values()
            for name, number in figures.items()
        )

    def suggest(self, text: str) -> str:  # noqa: ARG002 - nothing better than an example can be guessed
        """Return an example."""
        return "{slow: {maxConcurrency: 20}}"


@dataclass(frozen=True)
class Permission:
    """What work may do: exact actions on exact resources, or why it takes a wildcard."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str = ""

    @property
    def wildcards(self) -> list[str]:
        """The actions and resources that stand for more than one."""
        return [text for text in (*self.actions, *self.resources) if "*" in text or "?" in text]


@dataclass(frozen=True)
class PermissionsByLane:
    """A map of lanes, each with a list of permissions."""

    def __str__(self) -> str:
        return "a map of lanes, each a list of {actions: [...], resources: [...], reason: ...}"

    def read(self, text: str) -> dict[str, tuple[Permission, ...]]:
        """Return the map in the JSON text."""
        return {
            lane: tuple(_permission(each, text) for each in _list(permissions, text))
            for lane, permissions in _object(text).items()
        }

    def admits(self, value: object) -> bool:
        """Return whether it is such a map; `read` has looked into it."""
        return isinstance(value, dict)

    def suggest(self, text: str) -> str:  # noqa: ARG002 - nothing better than an example can be guessed
        """Return an example."""
        return '{slow: [{actions: ["s3:GetObject"], resources: ["arn:aws:s3:::BUCKET/photo.jpg"]}]}'


@dataclass(frozen=True)
class Vpc:
    """The network that lanes with `vpc=True` run in."""

    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.subnet_ids)


_ID = "([a-f0-9]{8}|[a-f0-9]{17})"


@dataclass(frozen=True)
class VpcRule:
    """Subnets and security groups, or nothing."""

    def __str__(self) -> str:
        return "a map of subnetIds and securityGroupIds, each a list of ids such as sg-0a1b2c3d, or empty"

    def read(self, text: str) -> Vpc:
        """Return the network in the JSON text."""
        value = _object(text)
        if not value:
            return Vpc()
        if value.keys() != {"subnetIds", "securityGroupIds"}:
            raise ValueError(text)
        return Vpc(_texts(value["subnetIds"], text), _texts(value["securityGroupIds"], text))

    def admits(self, value: object) -> bool:
        """Return whether it is nothing, or subnets with groups."""
        if not isinstance(value, Vpc):
            return False
        ids = [re.fullmatch(f"subnet-{_ID}", each) for each in value.subnet_ids]
        ids += [re.fullmatch(f"sg-{_ID}", each) for each in value.security_group_ids]
        return value == Vpc() or (bool(value.subnet_ids and value.security_group_ids) and all(ids))

    def suggest(self, text: str) -> str:  # noqa: ARG002 - nothing better than an example can be guessed
        """Return an example."""
        return '{subnetIds: ["subnet-0a1b2c3d"], securityGroupIds: ["sg-0a1b2c3d"]}'


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(text)  # noqa: TRY004 - to the caller the text is unreadable, whatever its type
    return value


def _list(value: Any, text: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(text)  # noqa: TRY004 - as above
    return value


def _texts(value: Any, text: str) -> tuple[str, ...]:
    if not all(isinstance(each, str) and each for each in _list(value, text)):
        raise ValueError(text)
    return tuple(value)


def _permission(value: Any, text: str) -> Permission:
    if not isinstance(value, dict) or not {"actions", "resources"} <= value.keys() <= {
        "actions",
        "resources",
        "reason",
    }:
        raise ValueError(text)
    actions, resources = _texts(value["actions"], text), _texts(value["resources"], text)
    reason = value.get("reason", "")
    if not (actions and resources and isinstance(reason, str)):
        raise ValueError(text)
    return Permission(actions, resources, reason)
