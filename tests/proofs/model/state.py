"""A state of the model: the record, the messages, the processes under way, and what may still go wrong.

A state is a value: copied by reference, compared and hashed by `key`. Times are milliseconds.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from taskguard.model.clock import to_millis

TASK_ID: Final = "task"

SECOND: Final = 1000
DAY: Final = 24 * 3600 * SECOND

TASKS: Final = "tasks"
DEAD_LETTERS: Final = "dead-letters"

Item: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Snapshot:
    """An item as it once stood in the table, with what of it decides anything; made by `snapshot` alone.

    Equal ones are the same object, so that states and answers which hold them compare quickly.
    """

    item: Item
    status: str
    generation: int
    attempts_used: int
    attempts: tuple[tuple[int, str | None], ...]
    """Generation and outcome of each."""
    not_before: int | None
    due_at: int | None
    sent_at: int | None
    lease_until: int | None
    token: str | None
    updated_at: int

    def counted(self, generation: int) -> int:
        """Return how many attempts of a generation were made that were not postponed."""
        return sum(made == generation and outcome != "POSTPONED" for made, outcome in self.attempts)

    def key(self, now: int, tokens: dict[str, str], *, sent: bool) -> Key:
        """Return what the future depends on: times seen from now, tokens by who holds them.

        Parameters
        ----------
        sent
            Whether anybody will ask how long ago the message was sent.
        """
        return (
            self.status,
            self.generation,
            self.attempts_used,
            self.attempts,
            # These are compared with the time alone: what is over is over.
            self.not_before and max(self.not_before - now, 0),
            self.lease_until and self.status == "PROCESSING" and max(self.lease_until - now, -1),
            # These must be what was seen.
            since(self.due_at, now),
            since(self.sent_at, now) if sent else self.sent_at is not None,
            tokens.get(self.token, "nobody's") if self.token else None,
            # Only a rescue of what was given up asks when it was.
            since(self.updated_at, now) if sent and self.status == "GIVING_UP" else None,
        )


LONG_AGO: Final = -30 * 3600 * SECOND
"""Nothing asks whether something lies further back than this: a message lives for 25 hours at most."""


def since(moment: int | None, now: int) -> int | None:
    """Return a moment seen from now; all that lie long ago are the same."""
    return None if moment is None else max(moment - now, LONG_AGO)


_snapshots: dict[str, Snapshot] = {}


def snapshot(item: Item) -> Snapshot:
    """Return the one snapshot of an item."""
    text = json.dumps(item, sort_keys=True)
    known = _snapshots.get(text)
    if known is None:
        known = _snapshots[text] = _snapshot(item)
    return known


def _snapshot(item: Item) -> Snapshot:
    def number(name: str) -> int | None:
        return int(item[name]["N"]) if name in item else None

    attempts = [each["M"] for each in item.get("attempts", {"L": []})["L"]]
    return Snapshot(
        item=item,
        status=item["status"]["S"],
        generation=number("generation") or 0,
        attempts_used=number("attemptsUsed") or 0,
        attempts=tuple(
            (int(each["generation"]["N"]), each.get("outcome", {"S": None})["S"]) for each in attempts
        ),
        not_before=number("notBefore"),
        due_at=number("dueAt"),
        sent_at=number("sentAt"),
        lease_until=number("leaseUntil"),
        token=item.get("leaseToken", {"S": None})["S"],
        updated_at=to_millis(datetime.fromisoformat(item["updatedAt"]["S"])),
    )


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in one of the queues.

    Parameters
    ----------
    number
        Tells it from others with the same body.
    sent_at
        Kept when SQS itself moves it to the dead-letter queue.
    visible_at
        When it can be received.
    receives
        How often it was received; a receipt is worth something until the next receive.
    """

    queue: str
    number: int
    body: str
    generation: int
    sent_at: int
    visible_at: int
    receives: int = 0

    @property
    def receipt(self) -> str:
        return f"{self.number}.{self.receives}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a process was told at one of its calls, and when.

    Parameters
    ----------
    kind
        `item`, `refused`, `done`, `gone`, `found`, or how the work ended.
    """

    at: int
    kind: str
    item: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """One run of a program: real code, run again from its recorded answers whenever it has to go on.

    Parameters
    ----------
    kind
        `worker`, `monitor`, `waker`, `rescuer`, `redriver`, `canceller`, `client`.
    slot
        Tells two of a kind apart.
    deadline
        When Lambda stops it; None for a person's tool.
    token
        The lease token that it draws if it claims.
    message
        What it was invoked with, as it was then.
    cut
        The answers to the calls that report its attempt for it just before its end, the first of which says
        when that began; None before.
    late
        It is dead, but the call that it was making may still take effect.
    """

    kind: str
    slot: int
    began: int
    deadline: int | None
    token: str
    message: Queued | None = None
    answers: tuple[Answer, ...] = ()
    cut: tuple[Answer, ...] | None = None
    late: bool = False

    @property
    def name(self) -> str:
        letter = "AB"[self.slot] if self.kind == "worker" else ""
        return f"{'late call of ' if self.late else ''}{self.kind}{' ' + letter if letter else ''}"


Budget: TypeAlias = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class State:
    """Everything at one moment.

    Parameters
    ----------
    made
        How many messages and tokens were ever made: names the next one.
    budget
        What may still happen, and how often.
    ended
        COMPLETED or CANCELLED was once recorded.
    operator
        How often somebody asked for a redrive.
    forgotten
        SQS has forgotten a message at the end of its retention.
    """

    now: int
    record: Snapshot | None
    messages: tuple[Queued, ...]
    processes: tuple[Process, ...]
    budget: Budget
    made: int = 1
    ended: bool = False
    operator: int = 0
    forgotten: bool = False

    def left(self, name: str) -> int:
        """Return how often something may still happen."""
        return dict(self.budget).get(name, 0)

    def spent(self, name: str) -> Budget:
        """Return the budget after it has happened once more."""
        return tuple((each, max(count - (each == name), 0)) for each, count in self.budget)

    def find(self, message: Queued) -> Queued | None:
        """Return a message as it is now; None if it is gone."""
        return next((each for each in self.messages if each.number == message.number), None)

    def key(self) -> Key:
        """Return what the future depends on: two states of one key are the same to the search."""
        tokens = {each.token: f"{each.kind}{each.slot}{each.late}" for each in self.processes}
        sent = self.forgotten or self.left("expiry") > 0
        holders: dict[int, list[Key]] = {}
        for each in self.processes:
            if each.message:
                current = self.find(each.message)
                held = (
                    each.kind,
                    each.slot,
                    each.late,
                    current and current.receives == each.message.receives,
                )
                holders.setdefault(each.message.number, []).append(held)
        messages = sorted(
            (
                each.queue,
                each.body,
                self._age_key(each, sent=sent),
                max(each.visible_at - self.now, 0),
                tuple(holders.get(each.number, ())),
            )
            for each in self.messages
        )
        return (
            self.record and self.record.key(self.now, tokens, sent=sent),
            tuple(messages),
            tuple(self._process_key(each, tokens, sent=sent) for each in self.processes),
            self.budget,
            self.ended,
            self.operator,
            self.forgotten,
        )

    def _age_key(self, message: Queued, *, sent: bool) -> Key:
        """Return what is still asked of a message's age: whether the record's message is a later one."""
        later = self.now - message.sent_at > FRESH_AFTER
        recorded = self.record.sent_at if self.record else None
        fresher = recorded is not None and recorded > message.sent_at + FRESH_AFTER
        return (since(message.sent_at, self.now) if sent or not later else LONG_AGO, fresher)

    def _process_key(self, process: Process, tokens: dict[str, str], *, sent: bool) -> Key:
        """Return where a program is, by the kinds of its answers, and what it still holds of them.

        The programs hold the last record that they were shown, and the time at which they were.
        """

        def answers(given: tuple[Answer, ...]) -> Key:
            shown = next((each for each in reversed(given) if each.item), None)
            return (
                tuple(each.kind for each in given),
                given and given[-1].at - self.now,
                shown and (shown.at - self.now, shown.item and shown.item.key(shown.at, tokens, sent=sent)),
            )

        message = process.message
        first_claim = all(each.kind == "refused" for each in process.answers)
        return (
            process.kind,
            process.slot,
            process.late,
            process.began - self.now if first_claim else None,
            process.deadline and process.deadline - self.now,
            message and (message.body, self._age_key(message, sent=sent), self.find(message) is not None),
            answers(process.answers),
            process.cut and answers(process.cut),
        )


FRESH_AFTER: Final = 300 * SECOND
"""A dead letter says nothing of a task whose message was sent so much later."""
