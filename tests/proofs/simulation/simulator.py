"""One run: the table, the queues, the clock, and everybody who acts on them."""

from datetime import timedelta
from itertools import count
from typing import Any, Final

from taskguard.model.json_text import Json
from taskguard.work import Task
from tests.proofs.simulation import settings
from tests.proofs.simulation.actors import Client, Operator
from tests.proofs.simulation.aws.poller import Poller
from tests.proofs.simulation.aws.queues import MemoryQueue, MemoryQueues, QueuedMessage
from tests.proofs.simulation.aws.table import Item, MemoryTable, OnAsked
from tests.proofs.simulation.calls import WORK_BEGINS, WORK_ENDS, Calls, Schedule
from tests.proofs.simulation.clock import MovableClock
from tests.proofs.simulation.functions import Functions
from tests.proofs.simulation.history import (
    Duplicated,
    Journal,
    NeverQuiet,
    Queued,
    Replaced,
    Wrote,
    message_of,
)
from tests.proofs.simulation.process import Kind, Process
from tests.proofs.simulation.scheduler import Baton
from tests.proofs.simulation.scripted_work import Work

MOST_POLLS: Final = 300
"""Far more than any run needs; beyond it, messages go round in circles."""


class World:
    """A run of the system.

    Parameters
    ----------
    schedule
        What goes wrong, and where.
    stale_handles_work
        Whether SQS honours a receipt handle after the message was received again; it may or may not.
    on_asked
        Told of every write to the table.
    """

    def __init__(
        self,
        functions: Functions,
        schedule: Schedule,
        on_asked: OnAsked,
        *,
        stale_handles_work: bool = False,
    ) -> None:
        self.clock, self.journal = MovableClock(), Journal()
        self.baton = Baton(schedule.turns)
        self.calls = Calls(schedule, self.journal, self.clock, self._overtake, self.baton.wait)
        self.table = MemoryTable(self._asked)
        self.queues = MemoryQueues(self.clock, _queues(stale_handles_work), self._queued)
        self.work = Work(self.journal, self.clock, self.settle)
        self.not_healed: list[str] = []
        self._on_asked, self._ids = on_asked, count(1)
        self.poller = Poller(self, functions)
        self.client = Client(self, functions)
        self.operator = Operator(self)

    def start(self, kind: Kind, seconds: float | None = None) -> Process:
        """Return a new process, which is killed after so many seconds if they are given."""
        deadline = self.clock() + timedelta(seconds=seconds) if seconds else None
        return Process(next(self._ids), kind, self.clock, deadline, actor=self.baton.actor)

    def perform(self, process: Process, task: Task) -> Json:
        """Do the work of one attempt; raises what the scenario says."""
        self.calls.make(process, WORK_BEGINS, task.task_id, lambda: self.work.begin(process, task))
        return self.calls.make(process, WORK_ENDS, task.task_id, lambda: self.work.end(process, task))

    def run_visible(self) -> None:
        """Let the functions take what they can take now."""
        for _ in range(MOST_POLLS):
            if not self.poller.poll():
                return
        self.journal.add(NeverQuiet())

    def poll_steadily(self, times: int) -> None:
        """Ask both queues again and again, also when there is nothing: beside others who fill them."""
        for _ in range(times):
            for source in (self.poller.tasks, self.poller.dead_letters):
                self.poller.deliver(source, self.poller.receive(source))

    def settle(self) -> None:
        """Let the system run, and time pass, until no message is left that anybody would take."""
        for _ in range(MOST_POLLS):
            self.run_visible()
            if self.calls.land():
                continue
            waiting = self.poller.waiting()
            if not waiting:
                return
            self.clock.advance_to(min(waiting))
        self.journal.add(NeverQuiet())

    def send_directly(self, body: str) -> None:
        """Write to the task queue as a producer that does not know the API."""
        self.queues.send_message(QueueUrl=settings.TASK_QUEUE, MessageBody=body)

    def note_duplicate(self, message_id: str, body: str) -> None:
        """Keep that SQS delivers a message once more than its rules of visibility say."""
        self.journal.add(Duplicated(message_of(message_id, body).task_id))

    def redrive_natively(self) -> None:
        """Use SQS's own redrive on the dead-letter queue."""
        for message in self.queues[settings.DEAD_LETTERS].messages:
            self.journal.add(Replaced(message.message_id))
        self.queues.start_message_move_task(settings.DEAD_LETTERS, settings.TASK_QUEUE)

    def status(self, task: str) -> str | None:
        """Return the status in a task's record; None without one."""
        item = self.table.items.get(task)
        return str(item["status"]["S"]) if item else None

    def _overtake(self, process: Process) -> None:
        # A function has little time and only what can be taken now overtakes it; a tool may sleep for days.
        with self.baton.on_turn_of(process):
            if process.deadline:
                self.run_visible()
            else:
                self.settle()

    def _asked(
        self, operation: str, request: dict[str, Any], before: Item | None, after: Item | None
    ) -> None:
        self._on_asked(operation, request, before, after)
        if after:
            actor = self.calls.actor
            fact = Wrote(after["taskId"]["S"], after, self.clock(), actor.id if actor else 0)
            self.journal.add(fact)

    def _queued(self, url: str, message: QueuedMessage) -> None:
        parsed = message_of(message.message_id, message.body)
        self.journal.add(Queued(url, message.message_id, parsed.task_id, parsed.generation, self.clock()))


def _queues(stale_handles_work: bool) -> list[MemoryQueue]:
    dead_letters = MemoryQueue(
        settings.DEAD_LETTERS, settings.VISIBILITY_SECONDS, stale_handles_work=stale_handles_work
    )
    tasks = MemoryQueue(
        settings.TASK_QUEUE,
        settings.VISIBILITY_SECONDS,
        settings.MAX_ATTEMPTS,
        dead_letters,
        stale_handles_work,
    )
    return [tasks, dead_letters]
