"""One run: the table, the queues, the clock, and everybody who acts on them."""

from datetime import timedelta
from itertools import count
from typing import Any, Final

from taskguard.model.json_text import Json
from taskguard.work import Task
from tests.proofs.simulation import settings
from tests.proofs.simulation.actors import Client, Operator
from tests.proofs.simulation.aws.poller import Poller
from tests.proofs.simulation.aws.queues import QueuedMessage, SimulatedQueue, SimulatedSqs
from tests.proofs.simulation.aws.table import Item, OnWrite, SimulatedTable
from tests.proofs.simulation.functions import Functions
from tests.proofs.simulation.history import (
    DuplicateDelivery,
    History,
    MessageQueued,
    MessageReplaced,
    NeverQuiescent,
    RecordWritten,
    message_of,
)
from tests.proofs.simulation.injector import FaultInjector
from tests.proofs.simulation.process import Kind, Process
from tests.proofs.simulation.schedule import WORK_BEGINS, WORK_ENDS, Schedule
from tests.proofs.simulation.scheduler import Scheduler
from tests.proofs.simulation.scripted_work import ScriptedWork
from tests.support.aws_in_process import MovableClock

MOST_POLLS: Final = 300
"""Polls until the system must have come to rest: far more than any run needs."""


class Simulator:
    """One run of the whole system.

    Parameters
    ----------
    schedule
        What goes wrong at which step, and who moves first.
    stale_handles_work
        Whether SQS honours a receipt handle after the message was received again; it may or may not.
    on_write
        Told of every write to the table.

    Attributes
    ----------
    still_refused
        Tasks that the API refused even after the faults were over; set by the runner.
    """

    def __init__(
        self,
        functions: Functions,
        schedule: Schedule,
        on_write: OnWrite,
        *,
        stale_handles_work: bool = False,
    ) -> None:
        self.clock, self.history = MovableClock(), History()
        self.scheduler = Scheduler(schedule.turns)
        self.injector = FaultInjector(
            schedule, self.history, self.clock, self._overtake, self.scheduler.wait_for_turn
        )
        self.table = SimulatedTable(self._record_write)
        self.queues = SimulatedSqs(self.clock, _queues(stale_handles_work), self._record_message)
        self.work = ScriptedWork(self.history, self.clock, self.settle)
        self.still_refused: list[str] = []
        self._on_write, self._ids = on_write, count(1)
        self.poller = Poller(self, functions)
        self.client = Client(self, functions)
        self.operator = Operator(self)

    def start(self, kind: Kind, seconds: float | None = None) -> Process:
        """Return a new process; Lambda kills it after so many seconds, if they are given."""
        deadline = self.clock() + timedelta(seconds=seconds) if seconds else None
        return Process(next(self._ids), kind, self.clock, deadline, actor=self.scheduler.actor)

    def perform(self, process: Process, task: Task) -> Json:
        """Do the work of one attempt, or raise what the scenario's script says."""
        self.injector.step(process, WORK_BEGINS, task.task_id, lambda: self.work.begin(process, task))
        return self.injector.step(process, WORK_ENDS, task.task_id, lambda: self.work.end(process, task))

    def run_visible(self) -> None:
        """Let the functions process every message that is visible now."""
        for _ in range(MOST_POLLS):
            if not self.poller.poll():
                return
        self.history.add(NeverQuiescent())

    def poll_steadily(self, times: int) -> None:
        """Poll both queues so many times, also when they are empty: an actor beside others who fill them."""
        for _ in range(times):
            for source in (self.poller.tasks, self.poller.dead_letters):
                self.poller.deliver(source, self.poller.receive(source))

    def settle(self) -> None:
        """Let the system run, and time pass, until no message is left that anybody would receive."""
        for _ in range(MOST_POLLS):
            self.run_visible()
            if self.injector.apply_late_effects():
                continue
            waiting = self.poller.waiting()
            if not waiting:
                return
            self.clock.now = max(self.clock.now, min(waiting))
        self.history.add(NeverQuiescent())

    def send_directly(self, body: str) -> None:
        """Send to the task queue as a producer that does not use the API."""
        self.queues.send_message(QueueUrl=settings.TASK_QUEUE, MessageBody=body)

    def record_duplicate(self, message_id: str, body: str) -> None:
        """Record that SQS delivers a message once more than its visibility timeout allows."""
        self.history.add(DuplicateDelivery(message_of(message_id, body).task_id))

    def redrive_natively(self) -> None:
        """Use SQS's own redrive (StartMessageMoveTask) on the dead-letter queue."""
        for message in self.queues[settings.DEAD_LETTERS].messages:
            self.history.add(MessageReplaced(message.message_id))
        self.queues.start_message_move_task(settings.DEAD_LETTERS, settings.TASK_QUEUE)

    def status(self, task: str) -> str | None:
        """Return the status in a task's record, or None if it has no record."""
        item = self.table.items.get(task)
        return str(item["status"]["S"]) if item else None

    def _overtake(self, process: Process) -> None:
        # A function has seconds, in which only what is visible now can overtake it. The operator's tool has
        # no deadline: everything that will ever happen may happen between two of its calls.
        with self.scheduler.run_as(process):
            if process.deadline:
                self.run_visible()
            else:
                self.settle()

    def _record_write(
        self, operation: str, request: dict[str, Any], before: Item | None, after: Item | None
    ) -> None:
        self._on_write(operation, request, before, after)
        if after:
            actor = self.injector.actor
            event = RecordWritten(after["taskId"]["S"], after, self.clock(), actor.id if actor else 0)
            self.history.add(event)

    def _record_message(self, url: str, message: QueuedMessage) -> None:
        parsed = message_of(message.message_id, message.body)
        self.history.add(
            MessageQueued(url, message.message_id, parsed.task_id, parsed.generation, self.clock())
        )


def _queues(stale_handles_work: bool) -> list[SimulatedQueue]:
    dead_letters = SimulatedQueue(
        settings.DEAD_LETTERS, settings.VISIBILITY_SECONDS, stale_handles_work=stale_handles_work
    )
    tasks = SimulatedQueue(
        settings.TASK_QUEUE,
        settings.VISIBILITY_SECONDS,
        settings.MAX_ATTEMPTS,
        dead_letters,
        stale_handles_work,
    )
    return [tasks, dead_letters]
