"""The storm: tasks arrive in bursts while calls fail, workers are killed and messages come twice."""

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import httpx

from tests.proofs.chaos.client import Answers, Client, connections
from tests.proofs.chaos.journal import Journal
from tests.proofs.chaos.plan import Plan
from tests.proofs.chaos.recurring import recurring
from tests.proofs.chaos.requests import Request, bursts_of
from tests.proofs.chaos.stack import Stack
from tests.proofs.chaos.waiting import Waiting
from tests.proofs.chaos.workers import Killer

_LOOK_SECONDS = 0.2


@dataclass
class Storm:
    """Everything that a stack has to stand, once.

    Attributes
    ----------
    answers
        What the API promised meanwhile.
    sent_again
        Messages put on the queue once more.
    """

    plan: Plan
    stack: Stack
    journal: Journal
    say: Callable[[str], None]
    answers: Answers = field(default_factory=Answers)
    sent_again: int = 0

    def __post_init__(self) -> None:
        """Throw different dice for each kind of trouble."""
        self.killer = Killer(self.journal, self.plan.dice("kill"), self.plan.kill_calls)
        self._requests = self.plan.dice("requests")
        self._duplicates = self.plan.dice("duplicates")

    def rage(self, waiting: Waiting) -> None:
        """Submit everything and let most of it settle, with faults all the time."""
        kills = recurring(self.killer.kill_when_due, _LOOK_SECONDS, self.plan.dice("kills"))
        again = recurring(self._send_again, self.plan.duplicate_seconds, self.plan.dice("moments"))
        with _switched_on(self.journal.folder / "faults-on"), kills, again:
            self._submit_all()
            waiting.until_settled(self.answers.accepted_so_far(), self.plan.storm_until)

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
        dice = self.plan.dice("hasty clients")
        return Client(endpoint, http, self.plan.payloads, self.answers, stopped, dice)

    def _send_again(self) -> None:
        known = self.answers.accepted_so_far()
        if known:
            task_id = self._duplicates.choice(known)
            self.stack.send_again(task_id, self.plan.payloads[task_id])
            self.sent_again += 1


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
