"""What happened in a run, event by event: the evidence that the invariants are checked on."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

from taskguard.kinds import Kinds
from taskguard.model.errors import UnreadableMessage
from taskguard.model.json_text import Json
from taskguard.model.message import Message
from tests.proofs.simulation.aws.table import Item


@dataclass(frozen=True, slots=True)
class Step:
    """A numbered step of a process: an AWS call, a request to the API, or the work."""

    number: int
    process: str
    operation: str
    task: str | None

    def __str__(self) -> str:
        return f"{self.number}:{self.process} {self.operation}({self.task or ''})"


@dataclass(frozen=True, slots=True)
class FaultInjected:
    """A fault that was injected at a step of a process."""

    step: Step
    fault: str
    process_id: int


@dataclass(frozen=True, slots=True)
class ProcessDied:
    """A process that was killed, by a fault or at its deadline."""

    process_id: int


@dataclass(frozen=True, slots=True)
class DuplicateDelivery:
    """A second delivery of a task's message, because the scenario says so."""

    task: str


@dataclass(frozen=True, slots=True)
class FunctionInvoked:
    """A batch handed to a function."""

    process_id: int
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordWritten:
    """A write to the record of a task that took effect, by a process."""

    task: str
    item: Item
    at: datetime
    process_id: int


@dataclass(frozen=True, slots=True)
class WorkStarted:
    """The start of an attempt's work.

    Parameters
    ----------
    kind
        The kind that the work was called as.
    kinds
        What the process knows of kinds.
    lane
        The lane that the process works for.
    rivals
        How many other workers were at the same task.
    """

    task: str
    kind: str
    kinds: Kinds
    lane: str
    attempt: int
    process_id: int
    rivals: int


@dataclass(frozen=True, slots=True)
class Child:
    """What an attempt asks for that submits a task."""

    kind: str
    payload: Json = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class ChildSubmitted:
    """A task whose id an attempt has been given, so that it counts on it."""

    parent: str
    asked: Child
    task: str
    process_id: int


@dataclass(frozen=True, slots=True)
class SubmitAnswered:
    """What the API answered to a submit, whether or not it reached the client."""

    task: str
    status: int
    payload: Json


@dataclass(frozen=True, slots=True)
class MessageQueued:
    """A message that entered a queue: sent, or moved by the redrive policy, which keeps `sent_at`."""

    queue: str
    message_id: str
    task: str
    generation: int
    at: datetime
    sent_at: datetime
    delay_seconds: float
    dead_letter: bool


@dataclass(frozen=True, slots=True)
class MessageReplaced:
    """A message that was replaced by one with a new id: by SQS's own redrive, or as it was unreadable."""

    message_id: str


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message that was handed to a function."""

    queue: str
    message_id: str
    task: str
    count: int


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message that a poller or a function deleted."""

    queue: str
    message_id: str
    task: str
    generation: int
    at: datetime


@dataclass(frozen=True, slots=True)
class MessageLost:
    """A message that SQS removed by itself; `cause` is `expired`, `purged` or `queue deleted`."""

    queue: str
    message_id: str
    task: str
    generation: int
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MessageHidden:
    """A received message that was hidden for so many seconds more, and how many its queue had in flight then.

    Receives are not among them: those hide a message for the queue's visibility timeout.
    """

    queue: str
    message_id: str
    task: str
    seconds: int
    in_flight: int
    at: datetime
    process_id: int


@dataclass(frozen=True, slots=True)
class CallScheduled:
    """A call that EventBridge Scheduler began, and by how many seconds it was late."""

    name: str
    late_seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class LineLogged:
    """A log line, as the JSON that the function wrote."""

    line: dict[str, Any]


@dataclass(frozen=True, slots=True)
class HandlerCrashed:
    """An exception that left a handler, or the code around a message."""

    process: str
    error: str


@dataclass(frozen=True, slots=True)
class NeverQuiescent:
    """The system did not come to rest."""


HistoryEvent: TypeAlias = (
    Step
    | FaultInjected
    | ProcessDied
    | DuplicateDelivery
    | FunctionInvoked
    | RecordWritten
    | WorkStarted
    | ChildSubmitted
    | SubmitAnswered
    | MessageQueued
    | MessageReplaced
    | MessageReceived
    | MessageDeleted
    | MessageLost
    | MessageHidden
    | CallScheduled
    | LineLogged
    | HandlerCrashed
    | NeverQuiescent
)
F = TypeVar("F")


@dataclass
class History:
    """The events of one run, in the order in which they happened."""

    events: list[HistoryEvent] = field(default_factory=list)
    _by_kind: dict[type, list[Any]] = field(default_factory=dict)

    def add(self, event: HistoryEvent) -> None:
        """Append an event."""
        self.events.append(event)
        self._by_kind.setdefault(type(event), []).append(event)

    def of(self, kind: type[F]) -> list[F]:
        """Return the events of one kind."""
        return list(self._by_kind.get(kind, ()))


@lru_cache(maxsize=4096)
def message_of(message_id: str, body: str) -> Message:
    """Return the message; an unreadable body gets the id under which the monitor records it."""
    try:
        return Message.parse(body)
    except UnreadableMessage:
        return Message(f"unreadable:{message_id}", body)
