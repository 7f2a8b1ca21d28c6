"""What a run of chaos found."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.proofs.chaos.invariants import INVARIANTS, TaskHistory, is_not_done_after_completion, is_settled
from tests.proofs.kit.invariants import Invariant, violations

UNTOUCHED = "untouched"
_SHOWN = 20


@dataclass
class Report:
    """What happened, and which invariants were violated.

    Attributes
    ----------
    submitted, accepted, repeats, duplicates
        Tasks sent to the API and taken by it; requests repeated; messages put on the queue once more.
    completed, dead_lettered
        Tasks, when all had come to rest before the redrive.
    logged
        Dead letters whose line is in CloudWatch Logs; the emulator may lose the last of a killed worker.
    redriven, completed_after_redrive
        Dead letters sent again; tasks that were completed in the end.
    calls
        The functions' calls to AWS, by what was done to them.
    killed
        Workers, by function.
    violations
        A sentence each.
    lost, done_after_completion
        Ids of the tasks that are not settled, and of those with an attempt after their completion.
    """

    submitted: int
    accepted: int = 0
    repeats: int = 0
    duplicates: int = 0
    completed: int = 0
    dead_lettered: int = 0
    logged: int = 0
    redriven: int = 0
    completed_after_redrive: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    done_after_completion: set[str] = field(default_factory=set)
    seconds: float = 0.0

    def check(self, histories: Iterable[TaskHistory]) -> None:
        """Check every invariant on every task; a violation that was found before is not added again."""
        broken_by: dict[Invariant[TaskHistory], set[str]] = {
            is_settled: self.lost,
            is_not_done_after_completion: self.done_after_completion,
        }
        for history in histories:
            for violation in violations(INVARIANTS, history):
                broken_by.get(violation.invariant, set()).add(history.task_id)
                sentence = f"{history.task_id}: {violation.description}"
                if sentence not in self.violations:
                    self.violations.append(sentence)

    @property
    def kept(self) -> bool:
        """Whether every task was accepted and completed in the end, and no invariant was violated."""
        return self.completed_after_redrive == self.accepted == self.submitted and not self.violations

    def lines(self) -> list[str]:
        """Return the report as lines, for people and scripts."""
        faults = {kind: count for kind, count in sorted(self.calls.items()) if kind != UNTOUCHED}
        return [
            *(f"BROKEN: {how}" for how in self.violations[:_SHOWN]),
            f"SUBMITTED: {self.submitted} (requests repeated {self.repeats}, messages sent again "
            f"{self.duplicates})",
            f"FAULTS: {sum(faults.values())} in {self.calls.total()} calls to AWS ({_parts(faults)})",
            f"WORKERS KILLED: {self.killed.total()} ({_parts(self.killed)})",
            f"ACCEPTED: {self.accepted}",
            f"COMPLETED: {self.completed}",
            f"DEAD_LETTERED: {self.dead_lettered} (of them in CloudWatch Logs: {self.logged})",
            f"REDRIVEN: {self.redriven}",
            f"COMPLETED AFTER REDRIVE: {self.completed_after_redrive}",
            f"DONE AFTER COMPLETION: {len(self.done_after_completion)}",
            f"PROMISES BROKEN: {len(self.violations)}",
            f"LOST: {len(self.lost)}",
            f"DURATION: {self.seconds:.0f} s",
        ]


def _parts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
