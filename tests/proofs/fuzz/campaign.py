"""One property tried on many generated inputs, with a seed, in pytest or outside it."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.proofs.fuzz.backend import Backend
from tests.proofs.fuzz.tally import Tally


@dataclass(frozen=True)
class Trial:
    """The check of one example, and what is left to check after the last one."""

    check: Callable[[st.DataObject], None]
    finish: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Campaign:
    """A property, and its share of all examples."""

    name: str
    make: Callable[[Backend, Tally], Trial]
    share: float

    def part_of(self, examples: int) -> int:
        """Return its number of examples, out of all."""
        return max(round(examples * self.share), 1)

    def run(self, backend: Backend, tally: Tally, examples: int, seed_value: int) -> None:
        """Try its share of `examples`; the first failure is shrunk and raised."""
        made = self.make(backend, tally)

        @seed(seed_value)
        @settings(
            max_examples=self.part_of(examples),
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        @given(st.data())
        def trial(data: st.DataObject) -> None:
            made.check(data)

        backend.clean()
        trial()
        made.finish()
