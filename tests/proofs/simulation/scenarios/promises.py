"""Invariants of single scenarios: what their tasks are promised beyond what all tasks are."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from taskguard.model.clock import from_text
from taskguard.storage.items import to_record
from tests.proofs.kit.invariants import Invariant
from tests.proofs.simulation.history import FaultInjected, MessageReceived
from tests.proofs.simulation.invariants.causes import causes_of
from tests.proofs.simulation.simulator import Simulator


def completes_without_faults(*tasks: str) -> Invariant[Simulator]:
    """Return that these tasks complete unless a fault hit them."""

    def completes(sim: Simulator) -> Iterator[str]:
        causes = causes_of(sim)
        for task in tasks:
            if not causes[task] and sim.status(task) != "COMPLETED":
                yield f"task {task} became {sim.status(task)}"

    return completes


A_FAULT_COSTS: Final = 16 * 60
"""Seconds for which a message that comes too early may be hidden, in one of few places in flight."""


def served_within(seconds: float, *tasks: str, a_fault_costs: float = A_FAULT_COSTS) -> Invariant[Simulator]:
    """Return that these tasks complete in so many seconds, and so many more for each fault."""

    def is_served_in_time(sim: Simulator) -> Iterator[str]:
        faults = len(sim.history.of(FaultInjected))
        most = timedelta(seconds=seconds + faults * a_fault_costs)
        for task in tasks:
            item = sim.table.items.get(task, {})
            if "completedAt" not in item:
                yield f"task {task} became {sim.status(task)}"
                continue
            took = from_text(item["completedAt"]["S"]) - from_text(item["createdAt"]["S"])
            if took > most:
                yield f"task {task} took {took}"

    return is_served_in_time


def last_error_is(error: str, *tasks: str) -> Invariant[Simulator]:
    """Return that these dead letters have this error in every attempt, unless a fault hit them."""

    def has_this_error(sim: Simulator) -> Iterator[str]:
        if sim.history.of(FaultInjected):
            return
        for task in tasks:
            for attempt in to_record(sim.table.items[task]).attempts:
                if attempt.error is None or attempt.error.type != error:
                    yield f"task {task} has an attempt with {attempt.error}"

    return has_this_error


def received_once(*tasks: str) -> Invariant[Simulator]:
    """Return that the messages of these tasks come once, in a run without faults."""

    def is_received_once(sim: Simulator) -> Iterator[str]:
        if sim.history.of(FaultInjected):
            return
        for event in sim.history.of(MessageReceived):
            if event.task in tasks and event.count > 1:
                yield f"task {event.task} was received {event.count} times"

    return is_received_once
