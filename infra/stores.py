"""The table and the queues, by the names that `infra.needs` uses."""

from dataclasses import dataclass

import pulumi

from infra.needs import Store
from infra.queue import TaskQueue
from infra.table import TaskTable


@dataclass(frozen=True)
class Stores:
    """What functions are granted actions on."""

    table: TaskTable
    task_queue: TaskQueue
    dead_letter_queue: TaskQueue

    def arn(self, store: Store) -> pulumi.Output[str]:
        """Return the ARN of a store."""
        return self.table.arn if store == "table" else self.queue(store).arn

    def queue(self, store: Store) -> TaskQueue:
        """Return one of the queues; `KeyError` for the table."""
        return {"task_queue": self.task_queue, "dead_letter_queue": self.dead_letter_queue}[store]
