"""The short sweep: single faults and orders of steps in all but the longest scenario."""

from itertools import islice

import pytest

from tests.proofs.simulation.aws.oracle import disagreements
from tests.proofs.simulation.campaign import Tally, new_seeds, outcome_text
from tests.proofs.simulation.scenarios import SCENARIOS
from tests.proofs.simulation.scenarios.random_workloads import run_random
from tests.proofs.simulation.scenarios.scenario import Scenario
from tests.proofs.simulation.sweep import Depth, Runner, Sweep

FEW_CALLS = 10
"""A scenario of so many calls is run with all single faults; of longer ones, with so many fewer."""

MOST_ORDERS = 60
RANDOM_RUNS = 200


@pytest.fixture(scope="module")
def runner() -> Runner:
    return Runner()


def _by_name(scenario: Scenario) -> str:
    return scenario.name


@pytest.mark.parametrize("scenario", SCENARIOS, ids=_by_name)
def test_without_faults_a_scenario_ends_as_it_says(runner: Runner, scenario: Scenario) -> None:
    (calm,) = islice(Sweep(runner, scenario).run(Depth.SINGLES), 1)
    assert not calm.violations, outcome_text(calm)
    assert {task: calm.end.get(task) for task in scenario.end} == scenario.end


@pytest.mark.parametrize("scenario", SCENARIOS, ids=_by_name)
def test_no_single_fault_breaks_a_promise(runner: Runner, scenario: Scenario) -> None:
    tally = Tally()
    (calm,) = islice(Sweep(runner, scenario).run(Depth.SINGLES), 1)
    every = 1 + len(calm.calls) ** 2 // FEW_CALLS**2 // 2
    for outcome in Sweep(runner, scenario, every).run(Depth.SINGLES):
        tally.count(outcome)
    assert tally.faults > 5
    assert not tally.broken, outcome_text(tally.broken[0])


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.concurrent], ids=_by_name)
def test_no_order_of_steps_breaks_a_promise(runner: Runner, scenario: Scenario) -> None:
    outcomes = list(islice(Sweep(runner, scenario).run(Depth.ORDERS), MOST_ORDERS))
    assert len(outcomes) > 10
    assert [outcome_text(outcome) for outcome in outcomes if outcome.violations] == []


def test_no_random_story_breaks_a_promise(runner: Runner) -> None:
    tally, (seed,) = Tally(), new_seeds(1)
    run_random(runner, RANDOM_RUNS, seed, tally.count)
    assert tally.runs >= RANDOM_RUNS
    assert not tally.broken, f"seed {seed}: {outcome_text(tally.broken[-1])}"


def test_moto_answers_the_table_s_questions_as_the_table_in_memory_does() -> None:
    tally = Tally()
    for scenario in SCENARIOS:
        tally.count(next(Sweep(Runner(tally.questions), scenario).run(Depth.SINGLES)))
    assert len(tally.questions.distinct) > 20
    assert list(disagreements(tally.questions)) == []
