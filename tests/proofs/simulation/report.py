"""What the sweep prints."""

from tests.proofs.simulation.calls import Schedule
from tests.proofs.simulation.running import Outcome
from tests.proofs.simulation.tally import Tally
from tests.proofs.simulation.units import Catch


def outcome_text(outcome: Outcome) -> str:
    """Return a run that violated something: what, where, under which schedule, at which steps."""
    lines = [f"VIOLATION in {outcome.scenario}", f"  schedule: {schedule_text(outcome)}"]
    lines += [f"  {violation}" for violation in outcome.violations]
    steps = ", ".join(str(call) for call in outcome.calls)
    return "\n".join([*lines, f"  steps: {steps}"])


def schedule_text(outcome: Outcome) -> str:
    """Return a schedule with the names of its steps."""
    calls = {call.number: call for call in outcome.calls}
    faults = [f"{calls[n]}: {fault.value}" for n, fault in outcome.schedule.faults.items() if n in calls]
    turns = Schedule(turns=outcome.schedule.turns)
    return "; ".join(faults + [str(turns)] * (any(turns.turns) or not faults))


def tally_text(tally: Tally, scenarios: int, seconds: float) -> str:
    """Return the numbers of a sweep."""
    return (
        f"scenarios: {scenarios}, calls numbered: {tally.calls}, schedules run: {tally.runs}, "
        f"faults injected: {tally.faults}, violations: {len(tally.broken)} "
        f"({seconds:.0f} s, {tally.runs / seconds * 60:.0f} runs a minute)"
    )


def catch_text(caught: Catch) -> str:
    """Return what became of a mutation."""
    if caught.by is None:
        return f"  NOT CAUGHT in {caught.runs} runs: {caught.mutation}"
    violation = caught.by.violations[0].split(":")[0]
    return (
        f"  caught: {caught.mutation}\n"
        f"          in {caught.by.scenario}; {schedule_text(caught.by)}; run {caught.runs}: {violation}"
    )
