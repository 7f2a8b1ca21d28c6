"""What a sweep came to, as numbers and as the schedules that broke something."""

from dataclasses import dataclass, field

from tests.proofs.simulation.referee import Questions
from tests.proofs.simulation.running import Outcome


@dataclass
class Tally:
    """Counts of runs.

    Parameters
    ----------
    calls
        Steps numbered in the runs without faults.
    faults
        Faults injected.
    broken
        Runs that violated something.
    """

    calls: int = 0
    runs: int = 0
    faults: int = 0
    broken: list[Outcome] = field(default_factory=list)
    questions: Questions = field(default_factory=Questions)

    def count(self, outcome: Outcome) -> None:
        """Count one run."""
        self.runs += 1
        self.faults += outcome.injected
        if not outcome.schedule.faults and not outcome.schedule.turns:
            self.calls += len(outcome.calls)
        if outcome.violations:
            self.broken.append(outcome)

    def add(self, other: "Tally") -> None:
        """Add another's counts."""
        self.calls += other.calls
        self.runs += other.runs
        self.faults += other.faults
        self.broken += other.broken
        self.questions.add(other.questions)
