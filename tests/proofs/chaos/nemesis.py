"""The nemesis: calls fail, workers are killed and messages come twice while tasks arrive in bursts."""

import contextlib
import os
import signal
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event

import httpx

from tests.proofs.chaos.client import Answers, Client, connections
from tests.proofs.chaos.journal import Journal
from tests.proofs.chaos.stack import Stack, Waiter
from tests.proofs.chaos.workload import Plan, Request, bursts_of

_LOOK_SECONDS = 0.2


@dataclass
class Nemesis:
    """Runs the workload while calls fail, workers are killed and messages are duplicated.

    The name is Jepsen's, for the process that breaks things while clients are at work.

    Attributes
    ----------
    answers
        What the API answered.
    duplicates
        How many messages were sent a second time.
    """

    plan: Plan
    stack: Stack
    journal: Journal
    say: Callable[[str], None]
    answers: Answers = field(default_factory=Answers)
    duplicates: int = 0

    def __post_init__(self) -> None:
        """Draw each kind of fault from a generator of its own."""
        self.killer = WorkerKiller(self.journal, self.plan.random_for("kill"), self.plan.kill_calls)
        self._requests = self.plan.random_for("requests")
        self._duplicates = self.plan.random_for("duplicates")

    def run(self, waiter: Waiter) -> None:
        """Submit all tasks and wait until most have settled, with faults all the time."""
        kills = recurring(self.killer.kill_when_due, _LOOK_SECONDS, self.plan.random_for("kills"))
        again = recurring(self._send_duplicate, self.plan.duplicate_seconds, self.plan.random_for("moments"))
        with _switched_on(self.journal.folder / "faults-on"), kills, again:
            self._submit_all()
            waiter.until_settled(self.answers.accepted_so_far(), self.plan.faults_until)

    def _submit_all(self) -> None:
        stopped = Event()
        bursts = bursts_of(list(self.plan.payloads), self.plan.burst_tasks, self._requests)
        with connections(self.plan.clients) as http, ThreadPoolExecutor(self.plan.clients) as pool:
            client = self._client(http, stopped)
            try:
                for burst in bursts:
                    _submit(pool, client, burst)
                    self.say(f"{len(self.answers.accepted)} of {self.plan.tasks} accepted")
                    time.sleep(self._requests.uniform(0, self.plan.rest_seconds))
            finally:
                stopped.set()
                pool.shutdown(cancel_futures=True)

    def _client(self, http: httpx.Client, stopped: Event) -> Client:
        endpoint = self.stack.aws.outputs.api_endpoint
        random = self.plan.random_for("impatient clients")
        return Client(endpoint, http, self.plan.payloads, self.answers, stopped, random)

    def _send_duplicate(self) -> None:
        known = self.answers.accepted_so_far()
        if known:
            task_id = self._duplicates.choice(known)
            self.stack.send_duplicate(task_id, self.plan.payloads[task_id])
            self.duplicates += 1


def _submit(pool: ThreadPoolExecutor, client: Client, burst: list[Request]) -> None:
    for _ in pool.map(client.submit, burst):
        pass


@contextlib.contextmanager
def _switched_on(switch: Path) -> Iterator[None]:
    switch.touch()
    try:
        yield
    finally:
        switch.unlink()


@dataclass
class WorkerKiller:
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
        """Draw when the first worker is killed."""
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
            # The function is drawn first, so that each is killed as often, however many copies of it run.
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


@contextmanager
def recurring(action: Callable[[], object], mean_seconds: float, random: Random) -> Iterator[None]:
    """Do something for as long as the context lasts, after waits of `mean_seconds` on average.

    An error ends it, and is raised when the context is left.
    """
    stopped = Event()

    def again_and_again() -> None:
        while not stopped.wait(random.uniform(0, 2 * mean_seconds)):
            action()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(again_and_again)
        try:
            yield
        finally:
            stopped.set()
        done.result()
