"""What a run of chaos found."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.proofs.chaos import invariants
from tests.proofs.chaos.invariants import Evidence

UNTOUCHED = "untouched"
_SHOWN = 20


@dataclass
class Findings:
    """What happened, and which promises were broken.

    Attributes
    ----------
    submitted, accepted, repeats, sent_again
        Tasks sent to the API and taken by it; requests repeated; messages put on the queue once more.
    completed, dead_lettered
        Tasks, when all had come to rest the first time.
    told
        Dead letters whose line is in CloudWatch Logs; the emulator may lose the last of a killed worker.
    redriven, completed_after_redrive
        Dead letters sent again; tasks that were completed in the end.
    calls
        The functions' calls to AWS, by what was done to them.
    killed
        Workers, by function.
    broken
        Each broken promise in a sentence.
    lost, done_after_completion
        The tasks that broke these two.
    """

    submitted: int
    accepted: int = 0
    repeats: int = 0
    sent_again: int = 0
    completed: int = 0
    dead_lettered: int = 0
    told: int = 0
    redriven: int = 0
    completed_after_redrive: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    done_after_completion: set[str] = field(default_factory=set)
    seconds: float = 0.0

    def judge(self, evidences: Iterable[Evidence]) -> None:
        """Check every promise on every task; what was found before is not counted again."""
        by_promise: dict[invariants.Promise, set[str]] = {
            invariants.is_settled: self.lost,
            invariants.is_not_done_after_completion: self.done_after_completion,
        }
        for evidence in evidences:
            for promise, how in invariants.broken(evidence):
                by_promise.get(promise, set()).add(evidence.task_id)
                if how not in self.broken:
                    self.broken.append(how)

    @property
    def kept(self) -> bool:
        """Every task was accepted, and every promise was kept."""
        return self.completed_after_redrive == self.accepted == self.submitted and not self.broken

    def lines(self) -> list[str]:
        """Return the report, for people and scripts."""
        faults = {kind: count for kind, count in sorted(self.calls.items()) if kind != UNTOUCHED}
        return [
            *(f"BROKEN: {how}" for how in self.broken[:_SHOWN]),
            f"SUBMITTED: {self.submitted} (requests repeated {self.repeats}, messages sent again "
            f"{self.sent_again})",
            f"FAULTS: {sum(faults.values())} in {self.calls.total()} calls to AWS ({_parts(faults)})",
            f"WORKERS KILLED: {self.killed.total()} ({_parts(self.killed)})",
            f"ACCEPTED: {self.accepted}",
            f"COMPLETED: {self.completed}",
            f"DEAD_LETTERED: {self.dead_lettered} (of them in CloudWatch Logs: {self.told})",
            f"REDRIVEN: {self.redriven}",
            f"COMPLETED AFTER REDRIVE: {self.completed_after_redrive}",
            f"DONE AFTER COMPLETION: {len(self.done_after_completion)}",
            f"PROMISES BROKEN: {len(self.broken)}",
            f"LOST: {len(self.lost)}",
            f"DURATION: {self.seconds:.0f} s",
        ]


def _parts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
