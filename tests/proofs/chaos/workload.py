"""What a run submits, and all that is set for it: numbers, rates and seeds, payloads and requests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from ops.check.plan import task_ids
from tests.proofs.kit.randomness import random_for

MAX_ATTEMPTS = 3
"""Attempts of each generation."""


@dataclass(frozen=True)
class Plan:
    """All that is set for a run: the workload, and how often what fault happens.

    Attributes
    ----------
    tasks
        How many tasks.
    seed
        Decides tasks, bursts, and every draw of a fault; not the timing.
    fault_rate
        Share of the functions' calls to AWS that get a fault, 0 to 1.
    clients
        How many requests are under way at once.
    burst_tasks
        Tasks a burst; between bursts the clients rest for up to `rest_seconds`.
    kill_calls
        Calls to AWS between two kills of a worker, on average. Not a time: on a slow machine, workers would
        be killed before they get anything done.
    duplicate_seconds
        Mean time between two duplicates of messages.
    process_timeout_seconds
        Timeout of both queues' functions; a message of a killed worker comes back a little later.
    most_copies
        How many copies of process_task run at once.
    faults_until
        Share of tasks, 0 to 1, that must have settled before faults and kills end.
    patience_seconds
        Longest wait for the rest to settle.
    """

    tasks: int = 5000
    seed: int = 1
    fault_rate: float = 0.1
    clients: int = 8
    burst_tasks: int = 500
    rest_seconds: float = 2.0
    kill_calls: int = 300
    duplicate_seconds: float = 0.5
    process_timeout_seconds: int = 10
    most_copies: int = 4
    faults_until: float = 0.9
    patience_seconds: float = 300.0

    @cached_property
    def payloads(self) -> dict[str, object]:
        """Every task's payload, by id."""
        ids = task_ids(f"chaos-{self.seed}", self.tasks)
        return {task_id: payload_of(self.random_for(task_id)) for task_id in ids}

    def random_for(self, purpose: str) -> Random:
        """Return the generator of a purpose."""
        return random_for(purpose, self.seed)

    def settings(self) -> dict[str, str]:
        """Return the stack's settings: three attempts in ten fail, those of ids ending in 3 always."""
        return {
            "failureRate": "0.3",
            "permanentFailureSuffix": "3",
            "simulationSeed": str(self.seed),
            "maxAttempts": str(MAX_ATTEMPTS),
            "backoffBaseSeconds": "1",
            "maxConcurrency": str(self.most_copies),
            "processTimeoutSeconds": str(self.process_timeout_seconds),
        }


_SCALARS = (
    None,
    True,
    False,
    0,
    -1,
    2**63,
    0.1,
    1e300,
    "",
    "plain",
    "zażółć gęślą jaźń",
    "\u2028\ufffe🎉",
    '"\\/\x7f',
)
_DEEPEST = 4


def payload_of(random: Random) -> Any:
    """Return a JSON value: one in twenty of some kilobytes, the others small."""
    if random.random() < 0.05:
        return {"text": random.choice(_SCALARS[8:]) + "x" * random.randrange(20_000)}
    return _value(random, random.randrange(_DEEPEST))


def _value(random: Random, depth: int) -> Any:
    if depth == 0:
        return random.choice(_SCALARS)
    size = random.randrange(4)
    if random.random() < 0.5:
        return [_value(random, depth - 1) for _ in range(size)]
    return {f"key {number}": _value(random, depth - 1) for number in range(size)}


_BATCH_SIZES = (1, 1, 1, 5, 25)
_TWICE = 0.05

Request = tuple[str, ...]
"""Ids of the tasks that are submitted together; one alone goes to POST /tasks."""


def bursts_of(task_ids: Sequence[str], burst_tasks: int, random: Random) -> Iterator[list[Request]]:
    """Yield the requests burst by burst; every task is in one, or in two that stand side by side."""
    for start in range(0, len(task_ids), burst_tasks):
        yield list(_requests(task_ids[start : start + burst_tasks], random))


def _requests(task_ids: Sequence[str], random: Random) -> Iterator[Request]:
    start = 0
    while start < len(task_ids):
        request = tuple(task_ids[start : start + random.choice(_BATCH_SIZES)])
        yield request
        if random.random() < _TWICE:
            yield request
        start += len(request)
