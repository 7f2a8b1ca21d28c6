"""What a run of chaos consists of."""

from dataclasses import dataclass
from functools import cached_property
from random import Random

from ops.check.plan import task_ids
from tests.proofs.chaos.payloads import payload_of


@dataclass(frozen=True)
class Plan:
    """What is submitted, and what happens to it.

    Attributes
    ----------
    tasks
        How many tasks.
    seed
        Sets tasks, bursts, and every draw of a fault; not the timing.
    fault_rate
        Share of the functions' calls to AWS that something happens to, 0 to 1.
    clients
        How many requests are under way at a time.
    burst_tasks
        Tasks a burst; between bursts the clients rest for up to `rest_seconds`.
    kill_calls
        Calls to AWS between two kills of a worker, on average. Not a time: on a slow machine, workers would
        be killed before they get anything done.
    duplicate_seconds
        Mean time between two messages sent once more.
    process_timeout_seconds
        Timeout of both queues' functions; a message of a killed worker comes back a little later.
    most_copies
        Copies of process_task that run at once.
    storm_until
        Share of tasks, 0 to 1, that has to settle before faults and kills end.
    patience_seconds
        How long to wait for the rest.
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
    storm_until: float = 0.9
    patience_seconds: float = 300.0

    @cached_property
    def payloads(self) -> dict[str, object]:
        """Every task's payload, by id."""
        ids = task_ids(f"chaos-{self.seed}", self.tasks)
        return {task_id: payload_of(self.dice(task_id)) for task_id in ids}

    def dice(self, purpose: str) -> Random:
        """Return dice of their own for a purpose, so that no draw for one moves those of another."""
        return Random(f"{self.seed}:{purpose}")  # noqa: S311 - not a secret

    def settings(self) -> dict[str, str]:
        """Return the stack's settings: three tries in ten fail, ids ending in 3 always; waits are short."""
        return {
            "failureRate": "0.3",
            "permanentFailureSuffix": "3",
            "simulationSeed": str(self.seed),
            "maxAttempts": "3",
            "backoffBaseSeconds": "1",
            "maxConcurrency": str(self.most_copies),
            "processTimeoutSeconds": str(self.process_timeout_seconds),
        }
