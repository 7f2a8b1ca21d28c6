"""What was tried, by kind of input and class of answer."""

from collections import Counter
from dataclasses import dataclass, field

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
