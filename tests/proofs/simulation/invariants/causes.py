"""What excuses an attempt too many: the faults that hit a task."""

from collections import Counter

from tests.proofs.simulation.history import FaultInjected, FunctionInvoked, ProcessDied
from tests.proofs.simulation.schedule import Fault
from tests.proofs.simulation.simulator import Simulator

_FREE = {Fault.REPEATED, Fault.OVERTAKEN}
"""Faults that cost no attempt: the SDK handles the one, the other is mere slowness."""


def causes_of(sim: Simulator) -> Counter[str]:
    """Return how many faults hit each task, its invocations that died among them."""
    causes: Counter[str] = Counter()
    batches = {event.process_id: event.tasks for event in sim.history.of(FunctionInvoked)}
    for event in sim.history.events:
        if isinstance(event, ProcessDied):
            causes.update(set(batches.get(event.process_id, ())))
        elif isinstance(event, FaultInjected) and event.fault not in _FREE and event.step.task:
            causes.update(event.step.task.split())
    return causes
