"""What must hold of messages: no open task is without one, and none hides for long."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from taskguard.model.record import SETTLED
from taskguard.model.retry import LONGEST_HIDDEN_WAIT
from taskguard.storage.transitions import CLOCK_SKEW
from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.table import Item
from tests.proofs.simulation.history import (
    DuplicateDelivery,
    FaultInjected,
    MessageDeleted,
    MessageHidden,
    MessageLost,
    MessageQueued,
    MessageReceived,
    MessageReplaced,
    ProcessDied,
    RecordWritten,
)
from tests.proofs.simulation.invariants.causes import causes_of
from tests.proofs.simulation.process import Kind
from tests.proofs.simulation.program import is_task_queue
from tests.proofs.simulation.simulator import Simulator

_LONGEST_EARLY = timedelta(minutes=16, seconds=1)
"""A message that comes too early is hidden for no longer: beyond it, the waker cannot have sent it."""

_LONGEST_BUSY = timedelta(seconds=settings.TIMEOUT_SECONDS + 2)
"""The same for one that comes while its task is tried: a lease, a second, and its rounding."""

_TaskEvent: TypeAlias = RecordWritten | MessageQueued | MessageDeleted | MessageLost | MessageHidden

_DAY = timedelta(days=1)


@dataclass
class _Task:
    """What there is of a task at one moment.

    Attributes
    ----------
    messages
        Those in the queues, by their id.
    """

    item: Item | None = None
    messages: dict[str, MessageQueued] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return str(self.item["status"]["S"]) if self.item else "without a record"

    @property
    def generation(self) -> int:
        return int(self.item["generation"]["N"]) if self.item else 0

    @property
    def waits_in_table(self) -> bool:
        return bool(self.item and "dueAt" in self.item)

    def moment(self, attribute: str) -> datetime | None:
        """Return a moment that the record holds."""
        if not self.item or attribute not in self.item:
            return None
        return datetime.fromtimestamp(int(self.item[attribute]["N"]) / 1000, UTC)

    def has_other(self, message_id: str, least_generation: int) -> bool:
        """Return whether another message, not of an older generation, is in a queue."""
        return any(
            other.message_id != message_id and other.generation >= least_generation
            for other in self.messages.values()
        )


def _replay(sim: Simulator) -> Iterator[tuple[_TaskEvent, _Task]]:
    """Yield each event about a record or a message, with the task as it is afterwards."""
    tasks: dict[str, _Task] = {}
    of_message: dict[str, str] = {}
    for event in sim.history.events:
        if isinstance(event, MessageReplaced):
            tasks[of_message[event.message_id]].messages.pop(event.message_id, None)
        if not isinstance(
            event, RecordWritten | MessageQueued | MessageDeleted | MessageLost | MessageHidden
        ):
            continue
        task = tasks.setdefault(event.task, _Task())
        if isinstance(event, RecordWritten):
            task.item = event.item
        elif isinstance(event, MessageQueued):
            of_message[event.message_id] = event.task
            task.messages[event.message_id] = event
        elif isinstance(event, MessageDeleted | MessageLost):
            task.messages.pop(event.message_id, None)
        yield event, task


def no_message_is_deleted_before_its_record_says_so(sim: Simulator) -> Iterator[str]:
    """A message is deleted only when its task is settled or begun anew, or waits for something else.

    That is: another message, or a due time in the table. SQS's own dead letter also goes where the record
    says that a message was sent since. A dead letter that somebody moved back to the task
    queue has begun a new generation by then, or has a message that will.
    """
    queued: dict[str, MessageQueued] = {}
    replaced = {event.message_id for event in sim.history.of(MessageReplaced)}
    for event, task in _replay(sim):
        if isinstance(event, MessageQueued):
            queued[event.message_id] = event
        if isinstance(event, MessageDeleted) and event.message_id not in replaced:
            back = queued[event.message_id].dead_letter and is_task_queue(event.queue)
            least = event.generation + 1 if back and task.status == "DEAD_LETTERED" else event.generation
            ended = task.status in ("COMPLETED", "CANCELLED")
            settled = ended or (task.status == "DEAD_LETTERED" and task.generation >= least)
            newer = task.generation > event.generation
            other = task.waits_in_table or task.has_other(event.message_id, least)
            if not (settled or newer or other or _says_newer_message(task, queued[event.message_id])):
                yield f"{event.message_id} left {event.queue} while task {event.task} was {task.status}"


def _says_newer_message(task: _Task, letter: MessageQueued) -> bool:
    """Return whether a record says that the task has had a message sent since this dead letter was.

    It says so before the message is sent. If that fails and the letter had no receive left, a scan finds it.
    """
    sent_at = task.moment("sentAt")
    return letter.queue == settings.DEAD_LETTERS and bool(sent_at and sent_at > letter.sent_at + CLOCK_SKEW)


def only_short_waits_are_hidden(sim: Simulator) -> Iterator[str]:
    """A failed attempt's message hides for a minute at most, a postponed one's never.

    What comes while its task is tried, or too early, is no message that the task waits for: it hides for a
    bounded time. If a fault kept the fresh message from being sent, it is that, and the bound remains.
    """
    causes = causes_of(sim)
    for event, task in _replay(sim):
        if not isinstance(event, MessageHidden) or not is_task_queue(event.queue) or not event.seconds:
            continue
        hidden, what = timedelta(seconds=event.seconds), f"task {event.task}'s {event.message_id}"
        busy = task.status == "PROCESSING"
        # A fault may let a failed attempt's hiding take effect late, when the next attempt runs already.
        late = bool(causes[event.task]) and hidden <= LONGEST_HIDDEN_WAIT
        if hidden > (_LONGEST_BUSY if busy else _LONGEST_EARLY) and not late:
            yield f"{what} was hidden for {event.seconds} s while it was {task.status}"
        spare = task.waits_in_table or task.has_other(event.message_id, task.generation)
        if busy or spare or causes[event.task]:
            continue
        if _postponed(task):
            yield f"{what} was hidden though its attempt was postponed"
        elif hidden > LONGEST_HIDDEN_WAIT:
            yield f"{what} was hidden for {event.seconds} s"


def _postponed(task: _Task) -> bool:
    attempts = task.item.get("attempts", {"L": []})["L"] if task.item else []
    return bool(attempts) and attempts[-1]["M"].get("outcome") == {"S": "POSTPONED"}


def no_task_waits_for_nothing_for_long(sim: Simulator) -> Iterator[str]:
    """No open task is without message, due time and lease for longer than retention, an hour and a day.

    Counted from when its last message was sent, or its lease or due time ended. And for a day more for each
    call of the waker that went wrong; only where the waker runs.
    """
    scans = [call for call in sim.event_bridge.calls if call.name == "scan"]
    if not scans:
        return
    wrong = sum(event.step.process in (Kind.WAKER, Kind.SCHEDULER) for event in sim.history.of(FaultInjected))
    wrong += len(sim.history.of(ProcessDied))
    longest = timedelta(days=settings.RETENTION_DAYS, hours=1) + _DAY * (1 + wrong)
    longest += timedelta(seconds=sum(call.late_seconds for call in scans))
    kept: dict[str, datetime] = {}
    without: set[str] = set()
    for event, task in _replay(sim):
        if isinstance(event, MessageHidden):
            continue
        name, at = event.task, event.at
        if name in without and at - kept[name] > longest:
            yield f"task {name} waited for nothing for {at - kept[name]}"
        without.discard(name)
        if isinstance(event, MessageQueued) or task.waits_in_table or name not in kept:
            kept[name] = at
        if task.status == "PROCESSING":
            kept[name] = max(kept[name], task.moment("leaseUntil") or at)
        if task.item and task.status not in SETTLED and not task.messages and not task.waits_in_table:
            without.add(name)


def the_net_is_not_needed(sim: Simulator) -> Iterator[str]:
    """SQS itself moves a task's only message only after some receives that made no attempt."""
    unlucky = Counter(event.task for event in sim.history.of(DuplicateDelivery))
    for fault in sim.history.of(FaultInjected):
        unlucky.update(fault.step.task.split() if fault.step.task else list(sim.table.records))
    for task in _fallen(sim):
        if unlucky[task] < settings.MAX_RECEIVES - settings.MAX_ATTEMPTS - 2:
            yield f"the only message of task {task} fell into the net after {unlucky[task]} faults"


def a_blameless_task_is_no_dead_letter(sim: Simulator) -> Iterator[str]:
    """A task whose work never fails completes, unless faults took all its attempts or its message's receives.

    Dead letters that a scenario itself made are left out: their tasks never had a message.
    """
    causes, fallen = causes_of(sim), _fallen(sim)
    had_a_message = {event.task for event in sim.history.of(MessageReceived) if is_task_queue(event.queue)}
    for task in sorted(had_a_message - fallen):
        blameless = sim.work.blameless(task) and not task.startswith("unreadable:")
        if blameless and causes[task] < settings.MAX_ATTEMPTS and _ended_without_reason(sim, task):
            yield f"task {task} was dead-lettered after {causes[task]} faults"


def _fallen(sim: Simulator) -> set[str]:
    """Return the open tasks whose only message SQS itself moved to the dead-letter queue."""
    queued: set[str] = set()
    fallen: set[str] = set()
    for event, task in _replay(sim):
        if isinstance(event, MessageQueued):
            only = not (task.waits_in_table or task.has_other(event.message_id, event.generation))
            of_open_task = task.status not in SETTLED and not event.task.startswith("unreadable:")
            if event.message_id in queued and only and of_open_task:
                fallen.add(event.task)
            queued.add(event.message_id)
    return fallen


def _ended_without_reason(sim: Simulator, task: str) -> bool:
    """Return whether a task is a dead letter, but not for its deadline nor for a result that was refused."""
    item = sim.table.items.get(task, {})
    error = item.get("lastError", {"M": {"type": {"S": ""}}})["M"]["type"]["S"]
    dead = sim.status(task) == "DEAD_LETTERED"
    return dead and error not in ("DeadlineExceeded", "ResultRefused")
