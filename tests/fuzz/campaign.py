"""One property tried on many generated inputs, with a seed, in pytest or outside it."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.backend import Backend
from tests.fuzz.tally import Tally

Property = Callable[[Backend, Tally], Callable[[st.DataObject], None]]
"""Makes the check of one example; what it keeps between examples starts anew with each run."""


@dataclass(frozen=True)
class Campaign:
    """A property, and its share of all examples."""

    name: str
    make: Property
    share: float

    def run(self, backend: Backend, tally: Tally, examples: int, seed_value: int) -> None:
        """Try its share of `examples`; the first failure is shrunk and raised."""
        check = self.make(backend, tally)

        @seed(seed_value)
        @settings(
            max_examples=max(int(examples * self.share), 1),
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        @given(st.data())
        def trial(data: st.DataObject) -> None:
            check(data)

        backend.clean()
        trial()
