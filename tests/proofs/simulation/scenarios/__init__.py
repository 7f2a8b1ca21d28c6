"""All scenarios; a sweep adds the faults."""

from tests.proofs.simulation.scenarios import (
    dead_letters,
    deliveries,
    forgotten,
    kinds,
    submissions,
    waiting,
    workers,
)
from tests.proofs.simulation.scenarios.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *submissions.SCENARIOS,
    *deliveries.SCENARIOS,
    *dead_letters.SCENARIOS,
    *waiting.SCENARIOS,
    *forgotten.SCENARIOS,
    *workers.SCENARIOS,
    *kinds.SCENARIOS,
)


def named(name: str) -> Scenario:
    """Return a scenario by its name."""
    return next(scenario for scenario in SCENARIOS if scenario.name == name)
