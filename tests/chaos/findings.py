"""What a run of chaos found."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.chaos import promises
from tests.chaos.evidence import Evidence

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
        How many tasks broke these two.
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
    lost: int = 0
    done_after_completion: int = 0
    seconds: float = 0.0

    def judge(self, evidences: Iterable[Evidence]) -> None:
        """Check every promise on every task."""
        for evidence in evidences:
            found = list(promises.broken(evidence))
            self.broken += [how for _, how in found]
            self.lost += any(promise is promises.is_settled for promise, _ in found)
            self.done_after_completion += any(
                promise is promises.is_not_done_after_completion for promise, _ in found
            )

    @property
    def kept(self) -> bool:
        """Every task was accepted, and every promise was kept."""
        all_done = self.completed_after_redrive == self.accepted == self.submitted
        return all_done and not (self.broken or self.lost or self.done_after_completion)

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
            f"DONE AFTER COMPLETION: {self.done_after_completion}",
            f"PROMISES BROKEN: {len(self.broken)}",
            f"LOST: {self.lost}",
            f"DURATION: {self.seconds:.0f} s",
        ]


def _parts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
