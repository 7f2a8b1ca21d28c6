"""A schedule: which faults happen at which steps of a run, and which actor moves where several could."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tests.proofs.simulation.history import Step
from tests.proofs.simulation.process import Kind

RECEIVE: Final = "receive_message"
WORK_BEGINS: Final = "perform begins"
WORK_ENDS: Final = "perform ends"
"""Steps of the work itself: where a process can be killed or stall although it calls nobody."""


class Fault(StrEnum):
    """What can go wrong at a step."""

    REFUSED = "error before effect"
    LOST = "effect, answer lost"
    LATE = "answer lost, effect late"
    REPEATED = "answer lost, repeated by the SDK"
    REPEATED_LATE = "repeated by the SDK, the first takes effect late"
    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    OVERTAKEN = "overtaken by all others"
    THROTTLED = "received, but the invocation is throttled"
    ACCESS_DENIED = "refused: no permission"
    INVALID = "refused: not valid"
    NOT_FOUND = "refused: table or queue gone"
    KEY_REFUSED = "refused: key out of reach"


LATE_OR_REPEATED: Final = {Fault.LATE, Fault.REPEATED, Fault.REPEATED_LATE}
"""Faults that are injected alone, as the first of a pair, and at random.

As the second of a pair and in every interleaving they would double the time of the sweep.
"""

REFUSALS: Final = {Fault.ACCESS_DENIED, Fault.INVALID, Fault.NOT_FOUND, Fault.KEY_REFUSED}
"""What AWS answers that no repeat changes, until somebody mends role, request, table or key.

Only in scenarios that ask for them (`Scenario.more_faults`): a single one is an outage of one call, so that
they are worth their runs only where the code tells a refusal from an outage.
"""

OPTIONAL: Final = REFUSALS | {Fault.THROTTLED}
"""Faults that only scenarios which ask for them are swept with."""

_ALL: Final = tuple(fault for fault in Fault if fault not in OPTIONAL)
_OF_CALLS_TO_AWS: Final = tuple(fault for fault in Fault if fault in REFUSALS)
_BY_KIND: Final[Mapping[Kind, tuple[Fault, ...]]] = {
    Kind.SUBMIT: _ALL,
    Kind.PROCESS: _ALL,
    Kind.MONITOR: _ALL,
    Kind.WAKER: _ALL,
    Kind.OPERATOR: _ALL,
    # Lambda's poller and the API's client are not processes of ours that could be killed: a call of theirs
    # takes effect, or does not, or does without their hearing of it.
    Kind.POLLER: (Fault.REFUSED, Fault.LOST, Fault.OVERTAKEN),
    Kind.CLIENT: (Fault.REFUSED, Fault.LOST),
    # An asynchronous call that is not made, is made while others go on, is made late, or is made twice.
    Kind.SCHEDULER: (Fault.REFUSED, Fault.OVERTAKEN, Fault.LATE, Fault.REPEATED),
}
_BY_OPERATION: Final = {
    WORK_BEGINS: (Fault.KILLED_AFTER, Fault.OVERTAKEN),
    WORK_ENDS: (Fault.KILLED_AFTER, Fault.OVERTAKEN),
}


def faults_of(step: Step, optional: Set[Fault] = frozenset()) -> tuple[Fault, ...]:
    """Return the faults that make sense at a step; of `OPTIONAL` ones only those that are asked for."""
    usual = _BY_OPERATION.get(step.operation) or _BY_KIND[Kind(step.process)]
    if not optional:
        return usual
    return (*usual, *(fault for fault in _optional_faults_of(step) if fault in optional))


def _optional_faults_of(step: Step) -> tuple[Fault, ...]:
    if step.process == Kind.POLLER:
        return (Fault.THROTTLED,) if step.operation == RECEIVE else ()
    calls_aws = step.process not in (Kind.CLIENT, Kind.SCHEDULER) and step.operation not in _BY_OPERATION
    return _OF_CALLS_TO_AWS if calls_aws else ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """All that distinguishes one run of a scenario from another; the same schedule gives the same run.

    Parameters
    ----------
    faults
        By the number of the step, from 1.
    turns
        At each choice point, the index of the actor that moves next; 0 where the list is over. The actor
        that moved last comes first, then the others in their order.
    """

    faults: Mapping[int, Fault] = field(default_factory=dict)
    turns: tuple[int, ...] = ()

    def __str__(self) -> str:
        faults = ", ".join(f"step {number}: {fault.value}" for number, fault in self.faults.items())
        turns = f"turns {''.join(map(str, self.turns))}" if any(self.turns) else ""
        return "; ".join(part for part in (faults, turns) if part) or "no fault"
