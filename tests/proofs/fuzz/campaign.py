"""One property tried on many generated inputs from a seed, in pytest or outside it; the count of answers."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.proofs.fuzz.backend import Backend

CLASSES = ("200", "202", "207", "400", "404", "409", "413", "5xx")


@dataclass
class Tally:
    """Counts inputs by kind and class of answer."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, kind: str, answer_class: str | int) -> None:
        """Count one."""
        name = str(answer_class)
        self.counts[kind, "5xx" if name.startswith("5") else name] += 1

    def kinds(self) -> list[str]:
        """Return the kinds in the order in which they came."""
        return list(dict.fromkeys(kind for kind, _ in self.counts))

    def of(self, answer_class: str) -> int:
        """Return how many were answered so."""
        return sum(n for (_, name), n in self.counts.items() if name == answer_class)

    @property
    def total(self) -> int:
        """All inputs tried."""
        return self.counts.total()


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
