"""What can happen next: a process goes on, another begins, time passes, or something goes wrong."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from taskguard.wake import HORIZON
from tests.proofs.model.programs import MESSAGE_LIFE, Call, Programs, Rules
from tests.proofs.model.state import DAY, DEAD_LETTERS, SECOND, TASKS, Answer, Process, Queued, State
from tests.proofs.model.world import RETENTION, World, answered

LEASES: Final = (60 * SECOND, 120 * SECOND)
"""How long the invocations of worker A and worker B may take: other times, so that one outlives the other."""

VISIBILITY: Final = 720 * SECOND
"""Six times the longer of them."""

LAMBDA: Final = 300 * SECOND
"""How long any other function may take."""

LATEST: Final = 900 * SECOND
"""A call whose process died takes effect within this time, or never."""

_LIFE: Final = int(MESSAGE_LIFE.total_seconds()) * SECOND
_HORIZON: Final = int(HORIZON.total_seconds()) * SECOND


@dataclass(frozen=True, slots=True)
class Configuration:
    """Who takes part, and what may go wrong, so that the search comes to an end.

    Parameters
    ----------
    workers
        How many tasks are worked on at the same time, 1 or 2.
    wakers
        How many runs of the waker overlap.
    outcomes
        How the work may end: `succeeds`, `fails`, `cannot`; it is postponed as often as the budget says.
    budget
        How often something may happen: `crash`; `late` (a dead process's call still takes effect); `cut` (an
        attempt hangs); `redelivery`, `copy` (SQS delivers twice: the same message, or another); `expiry` (SQS
        forgets a message); `rescue` (a scan although there is a message); `net` (receives are used up: SQS
        moves it to the dead-letter queue); `postpone`; `redrive` (by the operator); `aws_redrive`; `cancel`;
        `submit` (once more, by the client).
    stale_index
        The index of due tasks is behind: it may show the waker a task that is due much later.
    """

    name: str
    budget: dict[str, int]
    rules: Rules = field(default_factory=Rules)
    workers: int = 1
    wakers: int = 1
    monitors: int = 1
    outcomes: tuple[str, ...] = ("succeeds", "fails")
    recorded: bool = True
    stale_index: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One step from a state to the next.

    Parameters
    ----------
    told
        What happened, for whoever reads a counterexample; see `text`.
    fault
        It need not ever happen: no task may depend on it.
    process, call
        Whose call it was, if it was one.
    """

    told: str
    after: State
    fault: bool = False
    process: Process | None = None
    call: Call | None = None

    @property
    def text(self) -> str:
        """What happened, for whoever reads a counterexample."""
        if self.process is None or self.call is None:
            return self.told
        return f"{self.process.name}: {_text(self.call)} -> {self.told}"


class Moves:
    """Tells what can happen next."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.programs = Programs(configuration.rules)
        self._world = World()

    def of(self, state: State) -> Iterator[Move]:
        """Return every move that matters now."""
        if _is_over(state):
            yield from self._after_the_end(state)
            return
        for process in state.processes:
            yield from self._goes_on(state, process)
            if not process.late:
                yield from self._dies(state, process)
        yield from self._begins(state)
        yield from self._misdelivered(state)
        yield from self._time(state)

    def _after_the_end(self, state: State) -> Iterator[Move]:
        """Let whatever is left act, one after the other.

        The record stays as it is, or that is a violation: so neither their order nor the time matters, and
        whatever would go wrong in any order does so in this one.
        """
        if state.processes:
            yield from self._goes_on(state, state.processes[0])
            return
        yield from self._persons(state)
        for message in state.messages:
            now = max(state.now, message.visible_at)
            kind = "worker" if message.queue == TASKS else "monitor"
            yield from self._received(replace(state, now=now), kind, 0, LEASES[0], message)
            return

    def _goes_on(self, state: State, process: Process) -> Iterator[Move]:
        call = self.programs.next_call(process)
        assert call is not None
        if call.operation == "work":
            for outcome in self._outcomes(state):
                budget = state.spent("postpone") if outcome.startswith("later") else state.budget
                going = self._going(replace(state, budget=budget), process, Answer(state.now, outcome))
                yield Move(outcome, going, process=process, call=call)
            return
        effect = self._world.carry_out(state, call)
        if process.late:
            after = _without(effect.state, process)
        else:
            after = self._going(effect.state, process, effect.answer)
        yield Move(effect.answer.kind, after, fault=process.late, process=process, call=call)

    def _going(self, state: State, process: Process, answer: Answer) -> State:
        further = answered(process, answer)
        rest = _without(state, process)
        return rest if self.programs.next_call(further) is None else _with(rest, further)

    def _outcomes(self, state: State) -> tuple[str, ...]:
        later = (f"later {self.configuration.rules.postpone_seconds}",) if state.left("postpone") else ()
        return (*self.configuration.outcomes, *later)

    def _dies(self, state: State, process: Process) -> Iterator[Move]:
        call = self.programs.next_call(process)
        assert call is not None
        if state.left("crash"):
            died = replace(_without(state, process), budget=state.spent("crash"))
            yield Move(f"{process.name} dies", died, fault=True)
            if state.left("late") and call.operation != "work":
                late = replace(process, late=True, deadline=state.now + LATEST)
                died = replace(died, budget=died.spent("late"))
                yield Move(f"{process.name} dies while it calls", _with(died, late), fault=True)
        if call.operation == "DeleteMessage":  # Lambda's, after the program's end
            return
        if state.left("cut") and process.kind == "worker" and process.cut is None:
            cut = replace(process, cut=(Answer(state.now, "cut"),))
            rest = replace(_without(state, process), budget=state.spent("cut"))
            told = f"{process.name}: time is over, its attempt is reported for it"
            yield Move(told, _with(rest, cut) if self.programs.next_call(cut) else rest, fault=True)
            if state.left("late") and call.operation != "work":
                late = replace(process, late=True, deadline=state.now + LATEST)
                both = replace(_with(_with(rest, cut), late), budget=rest.spent("late"))
                yield Move(f"{told}, and its thread calls beside it", both, fault=True)

    def _begins(self, state: State) -> Iterator[Move]:
        for message in state.messages:
            if message.visible_at <= state.now:
                yield from self._delivered(state, message)
        record = state.record
        if record and record.due_at is not None and self._shown_as_due(state, record.due_at):
            for slot in range(self.configuration.wakers):
                yield from self._started(state, "waker", slot, LAMBDA)
        if state.forgotten and not state.messages:
            yield from self._started(state, "rescuer", 0, LAMBDA)
        elif state.forgotten and state.left("rescue"):
            rescued = replace(state, budget=state.spent("rescue"))
            yield from self._started(rescued, "rescuer", 0, LAMBDA, fault=True)
        yield from self._persons(state)

    def _persons(self, state: State) -> Iterator[Move]:
        """Let an operator or a client do what they need not."""
        for kind, budget in (("redriver", "redrive"), ("canceller", "cancel"), ("client", "submit")):
            if not state.left(budget) or state.record is None:
                continue
            if kind == "redriver" and state.record.status != "DEAD_LETTERED":
                continue
            operator = state.operator + (kind == "redriver")
            asked = replace(state, budget=state.spent(budget), operator=operator)
            yield from self._started(asked, kind, 0, None, fault=True)

    def _shown_as_due(self, state: State, due_at: int) -> bool:
        return self.configuration.stale_index or due_at <= state.now + _HORIZON

    def _delivered(self, state: State, message: Queued) -> Iterator[Move]:
        if message.queue == TASKS:
            for slot in range(self.configuration.workers):
                yield from self._received(state, "worker", slot, LEASES[slot], message)
        else:
            for slot in range(self.configuration.monitors):
                yield from self._received(state, "monitor", slot, LAMBDA, message)

    def _received(
        self, state: State, kind: str, slot: int, life: int, message: Queued, *, fault: bool = False
    ) -> Iterator[Move]:
        taken = replace(message, visible_at=state.now + VISIBILITY, receives=message.receives + 1)
        messages = tuple(taken if each is message else each for each in state.messages)
        told = f"receives {_message_text(message)}"
        yield from self._started(
            replace(state, messages=messages), kind, slot, life, taken, told=told, fault=fault
        )

    def _started(
        self,
        state: State,
        kind: str,
        slot: int,
        life: int | None,
        message: Queued | None = None,
        *,
        told: str = "begins",
        fault: bool = False,
    ) -> Iterator[Move]:
        if any((each.kind, each.slot, each.late) == (kind, slot, False) for each in state.processes):
            return
        deadline = None if life is None else state.now + life
        process = Process(kind, slot, state.now, deadline, f"token {state.made}", message)
        after = replace(state, made=state.made + 1)
        # What it reads at first it may as well read now: had it begun later, it would have.
        reading = True
        while (
            reading and (call := self.programs.next_call(process)) and call.operation in ("GetItem", "Scan")
        ):
            process = answered(process, self._world.carry_out(after, call).answer)
            reading = call.operation == "Scan"
            told = told if reading else f"{told}, reads the record"
        call = self.programs.next_call(process)
        if call:
            yield Move(f"{process.name} {told}", _with(after, process), fault=fault)

    def _misdelivered(self, state: State) -> Iterator[Move]:
        for message in state.messages:
            text = _message_text(message)
            others = tuple(each for each in state.messages if each is not message)
            if state.left("redelivery") and message.queue == TASKS and message.visible_at > state.now:
                again = replace(message, visible_at=state.now)
                budget = state.spent("redelivery")
                after = replace(state, messages=(*others, again), budget=budget)
                yield Move(f"SQS delivers {text} again", after, fault=True)
            if state.left("copy") and message.queue == TASKS:
                copy = replace(message, number=state.made, visible_at=state.now, receives=0)
                after = replace(
                    state,
                    messages=(*state.messages, copy),
                    made=state.made + 1,
                    budget=state.spent("copy"),
                )
                yield Move(f"SQS delivers a second copy of {text}", after, fault=True)
            if state.left("expiry"):
                after = replace(state, messages=others, budget=state.spent("expiry"), forgotten=True)
                yield Move(f"SQS forgets {text}", after, fault=True)
            if state.left("net") and message.queue == TASKS and message.visible_at <= state.now:
                dead = replace(message, queue=DEAD_LETTERS, number=state.made, receives=0)
                after = replace(
                    state, messages=(*others, dead), made=state.made + 1, budget=state.spent("net")
                )
                told = f"SQS moves {text} to the dead-letter queue: its receives are used up"
                yield Move(told, after, fault=True)
            if (
                state.left("aws_redrive")
                and message.queue == DEAD_LETTERS
                and message.visible_at <= state.now
            ):
                back = Queued(TASKS, state.made, message.body, message.generation, state.now, state.now)
                after = replace(
                    state,
                    messages=(*others, back),
                    made=state.made + 1,
                    budget=state.spent("aws_redrive"),
                    operator=state.operator + 1,
                )
                yield Move(f"the operator lets SQS move {text} back", after, fault=True)

    def _time(self, state: State) -> Iterator[Move]:
        """Let time pass until something may have changed by it; a process is over before its deadline."""
        limits = [each.deadline for each in state.processes if each.deadline is not None and not each.late]
        moments = [moment for moment in self._moments(state) if moment > state.now]
        if not moments or min(moments) > min(limits, default=min(moments)):
            return
        now = min(moments)
        kept = tuple(each for each in state.messages if each.sent_at + RETENTION > now)
        lost = len(kept) < len(state.messages)
        processes = tuple(
            each for each in state.processes if not each.late or each.deadline is None or each.deadline >= now
        )
        after = replace(state, now=now, messages=kept, processes=processes, forgotten=state.forgotten or lost)
        if lost:
            after = replace(after, budget=state.spent("expiry"))
        seconds = (now - state.now) / SECOND
        text = f"{seconds:.0f} s pass" if seconds >= 1 else "a moment passes"
        yield Move(text + (", and SQS forgets what is older than its retention" if lost else ""), after)

    def _moments(self, state: State) -> Iterator[int]:
        for message in state.messages:
            yield message.visible_at
            if state.left("expiry"):
                yield message.sent_at + RETENTION
        record = state.record
        if record is None:
            return
        if record.status == "PROCESSING" and record.lease_until is not None:
            yield record.lease_until + 1
        if record.not_before is not None:
            yield record.not_before
        if record.due_at is not None:
            yield record.due_at - _HORIZON
            yield record.due_at
        if state.forgotten and not state.messages and not state.processes:
            yield (record.sent_at if record.sent_at is not None else record.updated_at) + _LIFE + 1
            if record.status == "GIVING_UP":
                yield record.updated_at + DAY + 1


def _is_over(state: State) -> bool:
    """Tell whether nothing may change the task any more, so that what is left must leave it alone."""
    record = state.record
    if record is None or record.status not in ("COMPLETED", "CANCELLED", "DEAD_LETTERED"):
        return False
    if record.status != "DEAD_LETTERED":
        return True
    if any(state.left(each) for each in ("redrive", "aws_redrive", "cancel")):
        return False
    if any(each.kind in ("redriver", "canceller") for each in state.processes):
        return False
    messages = (*state.messages, *(each.message for each in state.processes if each.message))
    return not any(
        each.generation > record.generation or (each.queue == TASKS and "deadLetter" in each.body)
        for each in messages
    )


def _with(state: State, process: Process) -> State:
    ordered = sorted((*state.processes, process), key=lambda each: (each.kind, each.slot, each.late))
    return replace(state, processes=tuple(ordered))


def _without(state: State, process: Process) -> State:
    return replace(state, processes=tuple(each for each in state.processes if each is not process))


def _message_text(message: Queued) -> str:
    where = "message" if message.queue == TASKS else "dead letter"
    copy = " (deadLetter)" if '"deadLetter"' in message.body else ""
    return f"{where} {message.number} of generation {message.generation}{copy}"


def _text(call: Call) -> str:
    request = call.request
    match call.operation:
        case "UpdateItem":
            return f"UpdateItem {_update_text(request)}"
        case "SendMessage":
            generation = json.loads(request["MessageBody"])["generation"]
            delay = f", delayed by {request['DelaySeconds']} s" if request["DelaySeconds"] else ""
            return f"SendMessage to {request['QueueUrl']}, generation {generation}{delay}"
        case "ChangeMessageVisibility":
            return f"hides its message for {request['VisibilityTimeout']} s"
        case "DeleteMessage":
            return "its message is deleted"
        case other:
            return str(other)


def _update_text(request: dict[str, Any]) -> str:
    """Return what an update is for."""
    values = request["ExpressionAttributeValues"]
    for part in request["UpdateExpression"].removeprefix("SET ").split(", "):
        if part.startswith("#status = "):
            return f"to {values[part.removeprefix('#status = ').split()[0]]['S']}"
    return "of sentAt" if "sentAt = " in request["UpdateExpression"] else "of the history"
