"""What clients, operators and SQS do in a run; the faults come on top."""

from tests.proofs.simulation.scenarios import deliveries, plain, redrives, strange, submits
from tests.proofs.simulation.scenarios.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *plain.SCENARIOS,
    *submits.SCENARIOS,
    *deliveries.SCENARIOS,
    *redrives.SCENARIOS,
    *strange.SCENARIOS,
)


def named(name: str) -> Scenario:
    """Return a scenario by its name."""
    return next(scenario for scenario in SCENARIOS if scenario.name == name)
