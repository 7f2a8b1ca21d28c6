"""Everything random in a proof comes from one printed seed, so that a run can be repeated."""

import secrets
from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

Example = TypeVar("Example")


def new_seed() -> int:
    """Return a seed that nobody has chosen, below 2**32."""
    return secrets.randbelow(2**32)


def random_for(purpose: str, seed_value: int) -> Random:
    """Return a generator of its own for each purpose: no draw for one moves those of another."""
    return Random(f"{seed_value}:{purpose}")  # noqa: S311 - not a secret


def search(
    check: Callable[[Example], Any], examples: st.SearchStrategy[Example], seed_value: int, count: int
) -> None:
    """Let Hypothesis try a check on generated examples.

    The first example that fails is shrunk to the simplest that still does. Nothing is kept between runs, and
    no health check applies: an example may take as long as it likes.

    Parameters
    ----------
    check
        Raises if an example fails.
    count
        How many examples; shrinking needs further ones.

    Raises
    ------
    Exception
        Whatever the check raised for the simplest failing example.
    """

    @seed(seed_value)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(examples)
    def run(example: Example) -> None:
        check(example)

    run()
