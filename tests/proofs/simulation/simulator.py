"""One run: the table, the queues, the clock, and everybody who acts on them."""

from collections.abc import Collection, Set
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Final

from taskguard.kinds import DEFAULT_LANE
from taskguard.model.json_text import Json
from taskguard.work import Context as Attempt
from tests.proofs.simulation import settings
from tests.proofs.simulation.actors import Client, Operator
from tests.proofs.simulation.aws.event_bridge import EventBridge
from tests.proofs.simulation.aws.indexes import task_indexes
from tests.proofs.simulation.aws.messages import QueuedMessage, SimulatedQueue
from tests.proofs.simulation.aws.poller import Poller
from tests.proofs.simulation.aws.queues import SimulatedSqs
from tests.proofs.simulation.aws.table import Item, OnWrite, SimulatedTable
from tests.proofs.simulation.functions import Functions
from tests.proofs.simulation.history import (
    ChildSubmitted,
    DuplicateDelivery,
    History,
    MessageDeleted,
    MessageHidden,
    MessageLost,
    MessageQueued,
    MessageReplaced,
    NeverQuiescent,
    RecordWritten,
    message_of,
)
from tests.proofs.simulation.injector import FaultInjector
from tests.proofs.simulation.limits import OUT_OF_REACH, Limits
from tests.proofs.simulation.process import Kind, Process
from tests.proofs.simulation.program import PLAIN, TASK_QUEUE, Program
from tests.proofs.simulation.schedule import WORK_BEGINS, WORK_ENDS, Fault, Schedule
from tests.proofs.simulation.scheduler import Scheduler
from tests.proofs.simulation.scripted_work import ScriptedWork
from tests.support.aws_in_process import MovableClock

MOST_POLLS: Final = 120
"""Polls until the system must have come to rest: far more than any run needs."""


POLLER_OVERTAKEN_FOR: Final = timedelta(hours=1)
"""How long the rest goes on while a poller stands still: some visibility timeouts."""


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
    limits
        Which of AWS's limits are within reach.
    more_faults
        Faults beyond the usual ones that the schedule may choose.
    program
        What is deployed at first.

    Attributes
    ----------
    program
        What was deployed last.
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
        limits: Limits = OUT_OF_REACH,
        more_faults: Set[Fault] = frozenset(),
        program: Program = PLAIN,
    ) -> None:
        self.clock, self.history = MovableClock(), History()
        self.program = program
        self._behind: dict[tuple[Kind, str], Program] = {}
        self._behind_until = self.clock()
        self.scheduler = Scheduler(schedule.turns)
        self.injector = FaultInjector(
            schedule,
            self.history,
            self.clock,
            self._overtake,
            self.scheduler.wait_for_turn,
            optional=more_faults,
        )
        self.table = SimulatedTable(self._record_write, task_indexes(self.clock, limits.index_lag_seconds))
        self.table.reader.page_bytes = limits.page_bytes
        self.queues = SimulatedSqs(
            self.clock,
            [_dead_letters(stale_handles_work, limits)],
            self._record_message,
            self._record_lost,
            self._record_hidden,
            on_deleted=self._record_deleted,
        )
        self._new_queue = partial(_task_queue, stale_handles_work, limits, self.queues[settings.DEAD_LETTERS])
        self.work = ScriptedWork(self.history, self.clock, self.settle)
        self.still_refused: list[str] = []
        self._on_write, self._ids = on_write, count(1)
        self._unreadable: dict[str, str] = {}
        self.poller = Poller(self, functions)
        self.client = Client(self, functions)
        self.operator = Operator(self)
        self.event_bridge = EventBridge(self, functions)
        self.deploy(program)

    def start(self, kind: Kind, seconds: float | None = None, lane: str = DEFAULT_LANE) -> Process:
        """Return a new process; Lambda kills it after so many seconds, if they are given."""
        is_behind = self.clock() < self._behind_until
        return Process(
            next(self._ids),
            kind,
            self.clock,
            self.clock() + timedelta(seconds=seconds) if seconds else None,
            actor=self.scheduler.actor,
            program=self._behind.get((kind, lane), self.program) if is_behind else self.program,
            lane=lane,
        )

    def deploy(self, program: Program, behind: Collection[tuple[Kind, str]] = (), seconds: float = 0) -> None:
        """Deploy another program.

        Parameters
        ----------
        behind
            The functions, with their lanes, that run what they ran for so many seconds more: Pulumi updates
            one after the other.
        """
        self._behind = dict.fromkeys(behind, self.program)
        self._behind_until = self.clock() + timedelta(seconds=seconds)
        self.program = program
        self.queues.have({url: self._new_queue(url) for url in program.task_queues.values()})
        self.poller.connect(program)

    def perform(self, process: Process, attempt: Attempt) -> Json:
        """Do the work of one attempt, or raise what the scenario's script says."""
        step, task = self.injector.step, attempt.task_id
        step(process, WORK_BEGINS, task, lambda: self.work.begin(process, attempt))
        with self.work.left_if_it_fails(process, attempt):
            for child in self.work.children(attempt):
                child_id = attempt.submit(child.kind, child.payload, child.key)
                self.history.add(ChildSubmitted(task, child, child_id, process.id))
        return step(process, WORK_ENDS, task, lambda: self.work.end(process, attempt))

    def run_visible(self) -> None:
        """Let the functions process every message that is visible now."""
        for _ in range(MOST_POLLS):
            if not self.poller.poll():
                return
        self.history.add(NeverQuiescent())

    def poll_steadily(self, times: int) -> None:
        """Poll every queue so many times, also when it is empty: an actor beside others who fill them."""
        for _ in range(times):
            for source in self.poller.sources:
                self.poller.deliver(source, self.poller.receive(source))

    def settle(self) -> None:
        """Let the system run, and time pass, until nothing is left that anybody would receive or call for."""
        self._run_until(datetime.max.replace(tzinfo=UTC))

    def pass_time(self, seconds: float) -> None:
        """Let the system run for so long; days in which nothing happens take no time."""
        until = self.clock() + timedelta(seconds=seconds)
        self._run_until(until)
        self.clock.now = max(self.clock.now, until)

    def _run_until(self, until: datetime) -> None:
        for _ in range(MOST_POLLS):
            self.run_visible()
            if self.injector.apply_late_effects():
                continue
            waiting = self.poller.waiting() + self.event_bridge.waiting()
            if not waiting or min(waiting) > until:
                return
            self.clock.now = max(self.clock.now, min(waiting))
            self.event_bridge.make_due_calls()
        self.history.add(NeverQuiescent())

    def send_directly(self, body: str) -> None:
        """Send to the task queue as a producer that does not use the API."""
        self.injector.actor = None
        self.queues.send_message(QueueUrl=TASK_QUEUE, MessageBody=body)

    def record_duplicate(self, message_id: str, body: str) -> None:
        """Record that SQS delivers a message once more than its visibility timeout allows."""
        self.history.add(DuplicateDelivery(message_of(message_id, body).task_id))

    def redrive_natively(self) -> None:
        """Use SQS's own redrive (StartMessageMoveTask) on the dead-letter queue."""
        for message in self.queues[settings.DEAD_LETTERS].messages:
            self.history.add(MessageReplaced(message.message_id))
        self.queues.start_message_move_task(settings.DEAD_LETTERS, TASK_QUEUE)

    def status(self, task: str) -> str | None:
        """Return the status in a task's record, or None if it has no record."""
        item = self.table.items.get(task)
        return str(item["status"]["S"]) if item else None

    def _overtake(self, process: Process) -> None:
        # A function has seconds, in which only what is visible now can overtake it, and so has a scheduled
        # call (maximum event age). A poller may lose a message to others. The operator's tool has no
        # deadline: everything that will ever happen may happen between two of its calls.
        with self.scheduler.run_as(process):
            if process.deadline or process.kind is Kind.SCHEDULER:
                self.run_visible()
            elif process.kind is Kind.POLLER:
                self._run_until(self.clock() + POLLER_OVERTAKEN_FOR)
            else:
                self.settle()

    def _record_write(
        self, operation: str, request: dict[str, Any], before: Item | None, after: Item | None
    ) -> None:
        self._on_write(operation, request, before, after)
        if after and not after["taskId"]["S"].startswith("#"):
            event = RecordWritten(after["taskId"]["S"], after, self.clock(), self._acting_process)
            self.history.add(event)

    @property
    def _acting_process(self) -> int:
        return self.injector.actor.id if self.injector.actor else 0

    def _record_message(self, url: str, message: QueuedMessage) -> None:
        parsed = message_of(message.message_id, message.body)
        if parsed.task_id.startswith("unreadable:"):
            self._note_unreadable(message)
        self.history.add(
            MessageQueued(
                url,
                message.message_id,
                parsed.task_id,
                parsed.generation,
                at=self.clock(),
                sent_at=message.sent_at,
                delay_seconds=(message.visible_at - message.sent_at).total_seconds(),
                dead_letter=parsed.dead_letter,
            )
        )

    def _note_unreadable(self, message: QueuedMessage) -> None:
        # Its id is the message's, so that a body which the product sends anew becomes another task.
        before = self._unreadable.get(message.body, message.message_id)
        if before != message.message_id and self.injector.actor:
            self.history.add(MessageReplaced(before))
        self._unreadable[message.body] = message.message_id

    def _record_deleted(self, url: str, message: QueuedMessage) -> None:
        parsed = message_of(message.message_id, message.body)
        self.history.add(
            MessageDeleted(url, message.message_id, parsed.task_id, parsed.generation, self.clock())
        )

    def _record_lost(self, url: str, message: QueuedMessage, cause: str) -> None:
        parsed = message_of(message.message_id, message.body)
        lost = MessageLost(url, message.message_id, parsed.task_id, parsed.generation, cause, self.clock())
        self.history.add(lost)

    def _record_hidden(self, url: str, message: QueuedMessage, seconds: int) -> None:
        task = message_of(message.message_id, message.body).task_id
        in_flight = len(self.queues[url].in_flight(self.clock()))
        hidden = MessageHidden(
            url, message.message_id, task, seconds, in_flight, self.clock(), self._acting_process
        )
        self.history.add(hidden)


def _dead_letters(stale_handles_work: bool, limits: Limits) -> SimulatedQueue:
    return SimulatedQueue(
        settings.DEAD_LETTERS,
        settings.VISIBILITY_SECONDS,
        stale_handles_work=stale_handles_work,
        retention_seconds=limits.dead_letter_retention_seconds,
        purge_takes_what_follows=limits.purge_takes_what_follows,
    )


def _task_queue(
    stale_handles_work: bool, limits: Limits, dead_letters: SimulatedQueue, url: str
) -> SimulatedQueue:
    return SimulatedQueue(
        url,
        settings.VISIBILITY_SECONDS,
        settings.MAX_RECEIVES,
        dead_letters,
        stale_handles_work,
        limits.retention_seconds,
        limits.most_in_flight,
        limits.purge_takes_what_follows,
    )
