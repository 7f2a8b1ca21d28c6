"""The emulator's worker processes, and killing one."""

import contextlib
import os
import signal
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random

from tests.proofs.chaos.journal import Journal


@dataclass
class Killer:
    """Kills workers of this process's own emulator, one every `mean_calls` calls to AWS or so.

    A worker that has not called AWS yet is left alone: when one dies while it is starting, the emulator takes
    all workers of that function down, which AWS does not do.

    Attributes
    ----------
    killed
        How many, by function.
    """

    journal: Journal
    random: Random
    mean_calls: int
    killed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Choose when the first one dies."""
        self._due = self._some_calls()

    def kill_when_due(self) -> None:
        """Kill a worker if enough calls were made since the last."""
        calls = self.journal.call_count()
        if calls >= self._due:
            self._due = calls + self._some_calls()
            self._kill_one()

    def _some_calls(self) -> float:
        return self.random.uniform(0, 2 * self.mean_calls)

    def _kill_one(self) -> None:
        living = grandchildren(os.getpid())
        victims: defaultdict[str, list[int]] = defaultdict(list)
        for worker, function in self.journal.workers().items():
            if worker in living:
                victims[function].append(worker)
        if victims:
            # The function first: each is to suffer as much, however many copies of it run.
            function = self.random.choice(sorted(victims))
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.random.choice(sorted(victims[function])), signal.SIGKILL)
                self.killed[function] += 1


def grandchildren(process: int) -> set[int]:
    """Return the living children of a process's children: the emulator is a child, its workers are those."""
    listing = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listing.stdout.splitlines()]
    parents = {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}
    return {pid for pid, parent in parents.items() if parents.get(parent) == process}
