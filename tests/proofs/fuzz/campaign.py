"""One property tried on many generated inputs from a seed, in pytest or outside it; the count of answers."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.proofs.fuzz.backend import Backend
from tests.proofs.kit.randomness import search

CLASSES = ("200", "202", "207", "400", "404", "409", "413", "5xx")


@dataclass
class Tally:
    """Counts inputs by their kind and by the class of the answer: its status, or 5xx."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, kind: str, answer_class: str | int) -> None:
        """Count one input."""
        name = str(answer_class)
        self.counts[kind, "5xx" if name.startswith("5") else name] += 1

    def kinds(self) -> list[str]:
        """Return the kinds in the order in which they came."""
        return list(dict.fromkeys(kind for kind, _ in self.counts))

    def of(self, answer_class: str) -> int:
        """Return how many inputs got answers of a class."""
        return sum(n for (_, name), n in self.counts.items() if name == answer_class)

    @property
    def total(self) -> int:
        """All inputs tried."""
        return self.counts.total()


@dataclass(frozen=True)
class Property:
    """A property bound to a backend.

    Parameters
    ----------
    check
        Draws one example and raises if the property does not hold for it.
    finish
        Checks what is left after the last example.
    """

    check: Callable[[st.DataObject], None]
    finish: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Campaign:
    """A property, and its share of all examples, from 0 to 1."""

    name: str
    make: Callable[[Backend, Tally], Property]
    share: float

    def part_of(self, examples: int) -> int:
        """Return its number of examples out of all, at least one."""
        return max(round(examples * self.share), 1)

    def run(self, backend: Backend, tally: Tally, examples: int, seed_value: int) -> None:
        """Try its share of all examples; the first failure is shrunk and raised."""
        bound = self.make(backend, tally)
        backend.clean()
        search(bound.check, st.data(), seed_value, self.part_of(examples))
        bound.finish()
