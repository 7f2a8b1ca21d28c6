"""Which properties of a resource the AWS provider computes, as the installed SDK's types tell.

The SDK is generated from the provider's schema. An output that is never `None` has a value even if the
program gives none: the provider computes it, and before the first `up` nobody knows it. What the program has
to give is not among these, nor is what may be `None`, or has a default that a preview knows.
"""

import importlib
import inspect
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

import pulumi


@cache
def computed_properties(type_: str) -> frozenset[str]:
    """Return the names of a type's computed properties, such as `redrivePolicy` of `aws:sqs/queue:Queue`.

    Only the properties at the top are told: a preview knows all of a block that is given, or nothing of it.
    Components have none.
    """
    package, module, name = type_.split(":")
    if package != "aws":
        return frozenset()
    folder = module.split("/")[0]
    sdk: Any = importlib.import_module(f"pulumi_aws.{'lambda_' if folder == 'lambda' else folder}")
    given = {key for key, found in _types(getattr(sdk, f"{name}Args")).items() if not _may_be_none(found)}
    outputs = _types(getattr(sdk, name)).items()
    return frozenset(key for key, found in outputs if _is_output(found) and not _may_be_none(found)) - given


def _types(class_: type) -> Mapping[str, Any]:
    """Return the annotations of a class's properties, by Pulumi's name for them."""
    getters = [
        each.fget for _, each in inspect.getmembers(class_, lambda member: isinstance(member, property))
    ]
    return {
        getter.__dict__["_pulumi_name"]: getter.__annotations__["return"]
        for getter in getters
        if "_pulumi_name" in getter.__dict__
    }


def _is_output(found: Any) -> bool:
    return typing.get_origin(found) is pulumi.Output


def _may_be_none(found: Any) -> bool:
    """Return whether there may be nothing in an `Output[...]` or `Input[...]`."""
    parts = typing.get_args(found)
    return type(None) in (parts if len(parts) > 1 else typing.get_args(parts[0]))
