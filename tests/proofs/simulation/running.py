"""One run of a scenario under a schedule, from its first call to the check of its invariants."""

from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO

from tests.proofs.simulation.aws.table import OnAsked
from tests.proofs.simulation.baton import Point
from tests.proofs.simulation.calls import Schedule
from tests.proofs.simulation.functions import Functions
from tests.proofs.simulation.invariants import violations
from tests.proofs.simulation.journal import Answered, Called, Injected
from tests.proofs.simulation.people import ACCEPTED
from tests.proofs.simulation.scenarios.scenario import Scenario
from tests.proofs.simulation.world import World

_DEFINITE = (400, 409, 413)
"""Answers that no repeat changes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Parameters
    ----------
    calls
        The numbered steps.
    points
        Where another actor could have gone on.
    violations
        What was violated; empty if all is well.
    injected
        How many of the schedule's faults happened.
    end
        Status and number of attempts of each task.
    """

    scenario: str
    schedule: Schedule
    calls: tuple[Called, ...]
    points: tuple[Point, ...]
    violations: tuple[str, ...]
    injected: int
    end: dict[str, tuple[str, int]]


@dataclass
class Runner:
    """Runs scenarios; keeps the functions warm between runs.

    Parameters
    ----------
    on_asked
        Told of every write to the table.
    """

    on_asked: OnAsked = lambda *_: None
    functions: Functions = field(default_factory=Functions)

    def run(self, scenario: Scenario, schedule: Schedule) -> Outcome:
        """Run a scenario, let the system come to rest, heal what was refused, and check."""
        world = World(self.functions, schedule, self.on_asked, stale_handles_work=scenario.stale_handles_work)
        with redirect_stdout(StringIO()):
            scenario.story(world)
            _heal(world)
        return Outcome(
            scenario.name,
            schedule,
            tuple(world.journal.of(Called)),
            tuple(world.baton.points),
            tuple(violations(world)),
            len(world.journal.of(Injected)),
            _end(world),
        )


def _heal(world: World) -> None:
    """Repeat each submit that was refused, now that no more faults happen."""
    world.calls.over = True
    answers = world.journal.of(Answered)
    settled = {answer.task for answer in answers if answer.status in (*ACCEPTED, *_DEFINITE)}
    refused = {answer.task: answer.payload for answer in answers if answer.task not in settled}
    world.not_healed = [task for task, payload in refused.items() if not world.client.submit(task, payload)]
    world.settle()


def _end(world: World) -> dict[str, tuple[str, int]]:
    return {
        task: (item["status"]["S"], len(item.get("attempts", {"L": []})["L"]))
        for task, item in world.table.items.items()
    }
