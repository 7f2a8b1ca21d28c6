"""Breadth-first search of all states of a configuration: the first violation found has the shortest path."""

import time
from array import array
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice

from taskguard.model import json_text
from taskguard.model.clock import to_millis
from taskguard.model.message import Message
from taskguard.model.record import Status, TaskRecord
from taskguard.storage.items import new_item
from tests.proofs.model.invariants import ENDED, is_settled, violations
from tests.proofs.model.moves import Configuration, Move, Moves
from tests.proofs.model.programs import PAYLOAD, repeatable
from tests.proofs.model.state import SECOND, TASK_ID, TASKS, Key, Queued, State, snapshot

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A way to a violation.

    Parameters
    ----------
    steps
        What happened, in order, each with the record after it.
    """

    violation: str
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(
            [f"VIOLATION: {self.violation}", *(f"  {n:2}. {step}" for n, step in enumerate(self.steps, 1))]
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What a search found; complete if no counterexample ended it."""

    configuration: str
    states: int
    transitions: int
    seconds: float
    counterexample: Counterexample | None


def begin(configuration: Configuration) -> State:
    """Return the state just after a client's submit; or after a message was put on the queue directly."""
    now = to_millis(BEGIN)
    record = TaskRecord(
        task_id=TASK_ID,
        status=Status.QUEUED,
        generation=1,
        payload=PAYLOAD,
        payload_hash=json_text.digest(PAYLOAD),
        created_at=BEGIN,
        updated_at=BEGIN,
        sent_at=BEGIN,
        submit_id="client",
    )
    message = Queued(TASKS, 0, Message(TASK_ID, PAYLOAD).body(), 1, now, now)
    return State(
        now,
        snapshot(new_item(record)) if configuration.recorded else None,
        (message,),
        (),
        tuple(sorted(configuration.budget.items())),
    )


class Search:
    """One search; `run` it once."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._moves = Moves(configuration)
        self._numbers: dict[Key, int] = {}
        self._parts: dict[Key, int] = {}
        self._parents = array("l")
        self._ordinals = array("l")
        self._frontier: deque[tuple[int, State]] = deque()
        # Moves on which a task may depend, backwards: from a state to those that it is reached from.
        self._sources, self._targets = array("l"), array("l")
        self._settled = array("l")
        self._transitions = 0

    def run(self) -> Result:
        """Search until all states are known or a violation is found."""
        started = time.process_time()
        with repeatable():
            counterexample = self._explore() or self._unsettled()
        return Result(
            self._configuration.name,
            len(self._numbers),
            self._transitions,
            time.process_time() - started,
            counterexample,
        )

    def _explore(self) -> Counterexample | None:
        self._number(begin(self._configuration), -1, 0)
        max_attempts = self._configuration.rules.max_attempts
        while self._frontier:
            number, state = self._frontier.popleft()
            for ordinal, move in enumerate(self._moves.of(state)):
                self._transitions += 1
                for violation in violations(state, move, max_attempts):
                    return Counterexample(violation, (*self._path(number), _line(move, state)))
                reached = self._number(_noted(move.after), number, ordinal)
                if not move.fault:
                    self._sources.append(number)
                    self._targets.append(reached)
        return None

    def _number(self, state: State, parent: int, ordinal: int) -> int:
        record, messages, processes, *rest = state.key()
        parts = (record, tuple(map(self._short, messages)), tuple(map(self._short, processes)), tuple(rest))
        key = tuple(map(self._short, parts))
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._numbers)
            self._parents.append(parent)
            self._ordinals.append(ordinal)
            self._frontier.append((number, state))
            if is_settled(state):
                self._settled.append(number)
        return number

    def _short(self, part: Key) -> int:
        """Return a number in place of a part of a key: the same parts come again and again."""
        return self._parts.setdefault(part, len(self._parts))

    def _unsettled(self) -> Counterexample | None:
        """Return the shortest way to a state from which no faultless one leads to the task's end."""
        count = len(self._numbers)
        before: list[list[int]] = [[] for _ in range(count)]
        for source, target in zip(self._sources, self._targets, strict=True):
            before[target].append(source)
        hopeful = bytearray(count)
        waiting = list(self._settled)
        for number in waiting:
            hopeful[number] = True
        while waiting:
            for source in before[waiting.pop()]:
                if not hopeful[source]:
                    hopeful[source] = True
                    waiting.append(source)
        lost = hopeful.find(0)
        if lost < 0:
            return None
        return Counterexample("from here on the task is never settled", tuple(self._path(lost)))

    def _path(self, number: int) -> list[str]:
        """Return the steps to a state: they are made again, for keeping them all would fill the memory."""
        ordinals = []
        while number > 0:
            ordinals.append(self._ordinals[number])
            number = self._parents[number]
        state, steps = begin(self._configuration), []
        for ordinal in reversed(ordinals):
            move = next(islice(self._moves.of(state), ordinal, None))
            steps.append(_line(move, state))
            state = _noted(move.after)
        return steps


def _noted(state: State) -> State:
    """Return the state with a note that the task has ended, which no later write takes away."""
    if state.record and state.record.status in ENDED and not state.ended:
        return replace(state, ended=True)
    return state


def _line(move: Move, before: State) -> str:
    after = move.after
    record = after.record
    if record is None or record is before.record:
        return move.text
    waits = [
        f"{name} in {(moment - after.now) / SECOND:.0f} s"
        for name, moment in (("notBefore", record.not_before), ("dueAt", record.due_at))
        if moment is not None
    ]
    facts = [record.status, f"generation {record.generation}", f"attemptsUsed {record.attempts_used}", *waits]
    return f"{move.text}\n      = {', '.join(facts)}"
