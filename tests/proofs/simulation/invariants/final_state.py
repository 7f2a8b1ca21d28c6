"""What must hold when a run has come to rest: how tasks end, and what they were charged."""

from collections import Counter
from collections.abc import Iterator

from taskguard.model.record import SETTLED
from taskguard.storage.items import to_record
from tests.proofs.kit.invariants import is_complete_dead_letter_line
from tests.proofs.simulation.actors import ACCEPTED
from tests.proofs.simulation.history import (
    ChildSubmitted,
    DuplicateDelivery,
    FaultInjected,
    HandlerCrashed,
    LineLogged,
    MessageQueued,
    MessageReceived,
    MessageReplaced,
    NeverQuiescent,
    SubmitAnswered,
)
from tests.proofs.simulation.invariants.causes import causes_of
from tests.proofs.simulation.program import is_task_queue
from tests.proofs.simulation.schedule import Fault
from tests.proofs.simulation.simulator import Simulator


def the_system_comes_to_rest(sim: Simulator) -> Iterator[str]:
    """No message is delivered for ever."""
    if sim.history.of(NeverQuiescent):
        yield "messages were still there after every poll that the run allows"


def no_function_raises(sim: Simulator) -> Iterator[str]:
    """A handler answers for its whole batch; an exception would make all of it come back."""
    for crash in sim.history.of(HandlerCrashed):
        yield f"{crash.process} raised {crash.error}"


def an_accepted_task_is_settled(sim: Simulator) -> Iterator[str]:
    """Whoever got a 202 or an id, and whatever message reached a queue: the task has an end."""
    accepted = {answer.task for answer in sim.history.of(SubmitAnswered) if answer.status in ACCEPTED}
    accepted |= {child.task for child in sim.history.of(ChildSubmitted)}
    queued = {message.task for message in sim.history.of(MessageQueued)}
    for task in sorted((accepted | queued) - _renamed(sim)):
        status = sim.status(task)
        if status not in SETTLED:
            yield f"task {task} ended {status or 'without a record'}"


def a_refused_submit_succeeds_when_repeated(sim: Simulator) -> Iterator[str]:
    """What was answered 500 or 503 can be submitted again once the faults are over (`sweep` tries)."""
    for task in sim.still_refused:
        yield f"task {task} could not be submitted again"


def a_dead_letter_is_complete(sim: Simulator) -> Iterator[str]:
    """Payload, error and every attempt are in the record, and in a log line of the same generation."""
    lines = [logged.line for logged in sim.history.of(LineLogged)]
    for task, item in sim.table.records.items():
        if item["status"]["S"] == "DEAD_LETTERED" and task not in _renamed(sim):
            missing = {"payload", "lastError", "deadLetteredAt", "indexShard", "createdAt"} - item.keys()
            if missing:
                yield f"task {task} has no {', '.join(sorted(missing))} in its record"
            elif not any(is_complete_dead_letter_line(line, to_record(item)) for line in lines):
                yield f"task {task} is dead-lettered without a complete log line"


def _renamed(sim: Simulator) -> set[str]:
    """Return the ids of unreadable bodies that a native redrive made new messages of, hence with new ids."""
    return {f"unreadable:{message.message_id}" for message in sim.history.of(MessageReplaced)}


def a_blameless_task_is_not_charged_an_attempt(sim: Simulator) -> Iterator[str]:
    """A task whose work never fails has used one attempt, and one more for each fault that hit it."""
    causes = causes_of(sim)
    for task, item in sim.table.records.items():
        used = int(item.get("attemptsUsed", {"N": "0"})["N"])
        allowed = 1 + causes[task]
        if _blameless(sim, task) and used > allowed:
            yield f"task {task} has used {used} attempts, {allowed} have a reason"
        made = int(item.get("attemptCount", {"N": "0"})["N"])
        if _healthy(sim, task) and made > allowed:
            yield f"task {task} has {made} attempts, {allowed} have a reason"


def a_healthy_message_does_not_come_back(sim: Simulator) -> Iterator[str]:
    """A task's only message is received once, and once more for each fault or duplicate."""
    causes = causes_of(sim) + Counter(event.task for event in sim.history.of(DuplicateDelivery))
    shared = sum(1 for event in sim.history.of(FaultInjected) if not event.step.task or _slows(event))
    sent = Counter(event.task for event in sim.history.of(MessageQueued) if is_task_queue(event.queue))
    for event in sim.history.of(MessageReceived):
        allowed = 1 + causes[event.task] + shared
        only = is_task_queue(event.queue) and sent[event.task] == 1
        if only and _healthy(sim, event.task) and event.count > allowed:
            found = f"was received {event.count} times, {allowed} expected"
            yield f"{event.message_id} of task {event.task} {found}"


def _slows(event: FaultInjected) -> bool:
    return event.fault == Fault.OVERTAKEN


def _blameless(sim: Simulator, task: str) -> bool:
    return not task.startswith("unreadable:") and sim.work.blameless(task)


def _healthy(sim: Simulator, task: str) -> bool:
    return not task.startswith("unreadable:") and sim.work.healthy(task)
