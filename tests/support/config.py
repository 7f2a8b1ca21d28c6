"""Runs a function with a configuration of Pulumi's, without a program."""

import contextvars
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import pulumi

from infra.needs import FunctionNeeds, needs
from infra.settings.lanes import lanes_of
from infra.settings.stack import Settings, read_settings
from local.project import load_stack_config
from taskguard.kinds import Kinds

Result = TypeVar("Result")


def with_config(config: Mapping[str, str], function: Callable[[], Result]) -> Result:
    """Return what the function returns when `pulumi.Config` holds exactly this configuration (full keys)."""

    def call() -> Result:
        pulumi.runtime.set_all_config(dict(config))
        return function()

    # The configuration is a context variable: nothing of it is left behind.
    return contextvars.Context().run(call)


FRESH: Final = Kinds.of(None)
"""The kinds of a program that declares nothing."""


def stack_settings(stack: str, overrides: Mapping[str, str] = {}, kinds: Kinds = FRESH) -> Settings:
    """Return the settings of a stack, with some changed by name (values as text)."""
    return with_config(load_stack_config(stack, overrides), lambda: read_settings(stack, kinds))


def stack_needs(
    stack: str, overrides: Mapping[str, str] = {}, kinds: Kinds = FRESH
) -> Mapping[str, FunctionNeeds]:
    """Return the table of needs of a stack."""
    settings = stack_settings(stack, overrides, kinds)
    return needs(settings, lanes_of(settings, kinds))
