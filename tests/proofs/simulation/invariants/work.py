"""When work is done, and who pays for whose failures."""

from collections import Counter
from collections.abc import Iterator

from tests.proofs.simulation import settings
from tests.proofs.simulation.calls import Fault
from tests.proofs.simulation.journal import (
    Died,
    Duplicated,
    Injected,
    Invoked,
    Performed,
    Queued,
    Received,
    Wrote,
)
from tests.proofs.simulation.world import World

_INVISIBLE = {Fault.REPEATED, Fault.OVERTAKEN}
"""Faults that cost nobody an attempt: the SDK heals the one, the other is mere slowness."""


def work_never_starts_after_completion(world: World) -> Iterator[str]:
    """Once COMPLETED is recorded, the work is not done again."""
    completed = set()
    for fact in world.journal.facts:
        if isinstance(fact, Wrote) and fact.item["status"]["S"] == "COMPLETED":
            completed.add(fact.task)
        elif isinstance(fact, Performed) and fact.task in completed:
            yield f"attempt {fact.attempt} of task {fact.task} began after COMPLETED was recorded"


def one_worker_at_a_time(world: World) -> Iterator[str]:
    """No two living workers are in the middle of one task."""
    for fact in world.journal.of(Performed):
        if fact.rivals:
            yield f"attempt {fact.attempt} of task {fact.task} began while another was running"


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
