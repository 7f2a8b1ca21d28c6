"""Runs a function with a configuration of Pulumi's, without a program."""

import contextvars
from collections.abc import Callable, Mapping
from typing import TypeVar

import pulumi

Result = TypeVar("Result")


def with_config(config: Mapping[str, str], function: Callable[[], Result]) -> Result:
    """Return what the function returns when `pulumi.Config` holds exactly this configuration (full keys)."""

    def call() -> Result:
        pulumi.runtime.set_all_config(dict(config))
        return function()

    # The configuration is a context variable: nothing of it is left behind.
    return contextvars.Context().run(call)
