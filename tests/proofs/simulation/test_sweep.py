"""The short sweep: single faults and interleavings in all but the longest scenario."""

from itertools import islice

import pytest

from tests.proofs.kit.randomness import new_seed
from tests.proofs.simulation.aws.oracle import disagreements
from tests.proofs.simulation.campaign import Totals, result_text
from tests.proofs.simulation.scenarios import SCENARIOS
from tests.proofs.simulation.scenarios.random_workloads import run_random
from tests.proofs.simulation.scenarios.scenario import Scenario
from tests.proofs.simulation.scenarios.waiting import submitted_twice
from tests.proofs.simulation.schedule import Schedule
from tests.proofs.simulation.sweep import Depth, Runner, Sweep

FEW_STEPS = 10
"""A scenario of so many steps is run with all single faults; of longer ones, with so many fewer."""

SLOW = 100
"""A scenario whose full sweep is thinned so much is too slow here."""

MOST_INTERLEAVINGS = 40
RANDOM_RUNS = 200


_QUICK = [scenario for scenario in SCENARIOS if scenario.every < SLOW]


@pytest.fixture(scope="module")
def runner() -> Runner:
    return Runner()


def _by_name(scenario: Scenario) -> str:
    return scenario.name


@pytest.mark.parametrize("scenario", SCENARIOS, ids=_by_name)
def test_without_faults_a_scenario_ends_as_it_says(runner: Runner, scenario: Scenario) -> None:
    (faultless,) = islice(Sweep(runner, scenario).run(Depth.SINGLES), 1)
    assert not faultless.violations, result_text(faultless)
    assert {task: faultless.end.get(task) for task in scenario.end} == scenario.end


@pytest.mark.parametrize("scenario", _QUICK, ids=_by_name)
def test_no_single_fault_breaks_an_invariant(runner: Runner, scenario: Scenario) -> None:
    totals = Totals()
    (faultless,) = islice(Sweep(runner, scenario).run(Depth.SINGLES), 1)
    every = 1 + len(faultless.steps) ** 2 // FEW_STEPS**2
    for result in Sweep(runner, scenario, -(-every // scenario.every)).run(Depth.SINGLES):
        totals.count(result)
    assert totals.faults >= 1
    assert not totals.broken, result_text(totals.broken[0])


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.concurrent], ids=_by_name)
def test_no_interleaving_breaks_an_invariant(runner: Runner, scenario: Scenario) -> None:
    results = list(islice(Sweep(runner, scenario).run(Depth.INTERLEAVINGS), MOST_INTERLEAVINGS))
    assert len(results) > 10
    assert [result_text(result) for result in results if result.violations] == []


def test_a_duplicate_does_not_end_a_task_that_is_postponed_again_and_again(runner: Runner) -> None:
    result = runner.run(
        Scenario("asks for ten seconds with two messages", submitted_twice(10, 10)), Schedule()
    )
    assert not result.violations, result_text(result)


def test_no_random_workload_breaks_an_invariant(runner: Runner) -> None:
    totals, seed = Totals(), new_seed()
    run_random(runner, RANDOM_RUNS, seed, totals.count)
    assert totals.runs >= RANDOM_RUNS
    assert not totals.broken, f"seed {seed}: {result_text(totals.broken[-1])}"


def test_moto_answers_every_question_as_the_simulated_table_does() -> None:
    totals = Totals()
    for scenario in _QUICK:
        totals.count(next(Sweep(Runner(totals.questions), scenario).run(Depth.SINGLES)))
    assert len(totals.questions.distinct) > 20
    assert list(disagreements(totals.questions)) == []
