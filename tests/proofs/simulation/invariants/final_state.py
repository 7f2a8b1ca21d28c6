"""What must hold when a run has come to rest: how tasks end, and what they were charged."""

import json
from collections import Counter
from collections.abc import Iterator

from taskguard.model.record import SETTLED
from tests.proofs.simulation import settings
from tests.proofs.simulation.actors import ACCEPTED
from tests.proofs.simulation.aws.table import Item
from tests.proofs.simulation.calls import Fault
from tests.proofs.simulation.history import (
    Answered,
    Crashed,
    Died,
    Duplicated,
    Injected,
    Invoked,
    Logged,
    NeverQuiet,
    Queued,
    Received,
    Replaced,
)
from tests.proofs.simulation.simulator import World


def the_system_comes_to_rest(world: World) -> Iterator[str]:
    """No message goes round in circles."""
    if world.journal.of(NeverQuiet):
        yield "messages were still there after every poll that the run allows"


def no_function_raises(world: World) -> Iterator[str]:
    """A handler answers for its whole batch; an exception would send all of it back."""
    for crash in world.journal.of(Crashed):
        yield f"{crash.process} raised {crash.error}"


def an_accepted_task_is_settled(world: World) -> Iterator[str]:
    """Whoever got a 202, and whatever message reached a queue: the task is COMPLETED or DEAD_LETTERED."""
    accepted = {answer.task for answer in world.journal.of(Answered) if answer.status in ACCEPTED}
    queued = {message.task for message in world.journal.of(Queued)}
    for task in sorted((accepted | queued) - _renamed(world)):
        status = world.status(task)
        if status not in SETTLED:
            yield f"task {task} ended {status or 'without a record'}"


def a_refused_submit_is_healed_by_repeating(world: World) -> Iterator[str]:
    """What was answered 503 or 500 could be submitted again once the faults were over (``sweep`` tried)."""
    for task in world.not_healed:
        yield f"task {task} could not be submitted again"


def a_dead_letter_is_complete(world: World) -> Iterator[str]:
    """Payload, error and every attempt stand in the record, and in a log line of the same life."""
    for task, item in world.table.items.items():
        if item["status"]["S"] == "DEAD_LETTERED" and task not in _renamed(world):
            missing = {"payload", "lastError", "deadLetteredAt", "deadLetterDay", "createdAt"} - item.keys()
            if missing:
                yield f"task {task} has no {', '.join(sorted(missing))} in its record"
            elif not any(_tells(line.fields, task, item) for line in world.journal.of(Logged)):
                yield f"task {task} is dead-lettered without a log line that tells everything"


def _renamed(world: World) -> set[str]:
    """Return the ids of bodies that are no task and live on as another message, hence under another id."""
    return {f"unreadable:{message.message_id}" for message in world.journal.of(Replaced)}


def _tells(line: dict[str, object], task: str, item: Item) -> bool:
    attempts = line["attempts"]
    return (
        line["taskId"] == task
        and line["payload"] == json.loads(item["payload"]["S"])
        and isinstance(attempts, list)
        and len(attempts) == len(item.get("attempts", {"L": []})["L"])
        and bool(line["lastError"])
        and bool(line["createdAt"])
        and bool(line["failedAt"])
    )


_INVISIBLE = {Fault.REPEATED, Fault.OVERTAKEN}
"""Faults that cost nobody an attempt: the SDK heals the one, the other is mere slowness."""


def a_healthy_task_is_not_charged_an_attempt(world: World) -> Iterator[str]:
    """A task whose work succeeds has one attempt, and one more for each fault that hit it."""
    causes = _causes(world)
    for task, item in world.table.items.items():
        attempts = len(item.get("attempts", {"L": []})["L"])
        allowed = 1 + causes[task]
        if _healthy(world, task) and attempts > allowed:
            yield f"task {task} has {attempts} attempts, {allowed} have a reason"


def a_healthy_message_does_not_come_back(world: World) -> Iterator[str]:
    """A task's only message is received once, and once more for each fault or duplicate."""
    causes = _causes(world) + Counter(fact.task for fact in world.journal.of(Duplicated))
    shared = sum(1 for fact in world.journal.of(Injected) if not fact.call.task or _slows(fact))
    sent = Counter(fact.task for fact in world.journal.of(Queued) if fact.queue == settings.TASK_QUEUE)
    for fact in world.journal.of(Received):
        allowed = 1 + causes[fact.task] + shared
        only = fact.queue == settings.TASK_QUEUE and sent[fact.task] == 1
        if only and _healthy(world, fact.task) and fact.count > allowed:
            yield f"{fact.message_id} of task {fact.task} was received {fact.count} times, {allowed} expected"


def _slows(fact: Injected) -> bool:
    return fact.fault == Fault.OVERTAKEN


def _causes(world: World) -> Counter[str]:
    causes: Counter[str] = Counter()
    batches = {fact.process_id: fact.tasks for fact in world.journal.of(Invoked)}
    for fact in world.journal.facts:
        if isinstance(fact, Died):
            causes.update(set(batches.get(fact.process_id, ())))
        elif isinstance(fact, Injected) and fact.fault not in _INVISIBLE and fact.call.task:
            causes.update(fact.call.task.split())
    return causes


def _healthy(world: World, task: str) -> bool:
    return not task.startswith("unreadable:") and world.work.healthy(task)
