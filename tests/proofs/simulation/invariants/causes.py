"""What excuses an attempt too many: the faults that hit a task."""

from collections import Counter

from tests.proofs.simulation.history import FaultInjected, FunctionInvoked, ProcessDied, RecordWritten
from tests.proofs.simulation.schedule import Fault
from tests.proofs.simulation.simulator import Simulator

_FREE = {Fault.REPEATED, Fault.OVERTAKEN}
"""Faults that cost no attempt: the SDK handles the one, the other is mere slowness."""


def causes_of(sim: Simulator) -> Counter[str]:
    """Return how many faults hit each task, its invocations that died among them.

    What hits a call about a child hits the parent too, whose work made it.
    """
    causes: Counter[str] = Counter()
    batches = {event.process_id: set(event.tasks) for event in sim.history.of(FunctionInvoked)}
    parents = {
        write.task: write.item["parentId"]["S"]
        for write in sim.history.of(RecordWritten)
        if "parentId" in write.item
    }
    for event in sim.history.events:
        if isinstance(event, ProcessDied):
            causes.update(batches.get(event.process_id, ()))
        elif isinstance(event, FaultInjected) and event.fault not in _FREE and event.step.task:
            tasks, batch = set(event.step.task.split()), batches.get(event.process_id, set())
            of_children = (
                batch if tasks - batch else {parents[task] for task in tasks & parents.keys()} & batch
            )
            causes.update(tasks | of_children)
    return causes
