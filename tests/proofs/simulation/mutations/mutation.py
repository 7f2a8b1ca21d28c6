"""A guard of the product, and how to take it out."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeAlias

Patch: TypeAlias = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Mutation:
    """The product with one guard less.

    Parameters
    ----------
    name
        What the product then does.
    scenario
        The scenario that is to find it.
    apply
        Takes the guard out while the context lasts.
    """

    name: str
    scenario: str
    apply: Patch
