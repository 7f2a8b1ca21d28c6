"""The sweep catches every mutation, and what it prints is enough to run a failing schedule again."""

import pytest

from tests.proofs.simulation.campaign import (
    SweepJob,
    Totals,
    mutation_text,
    result_text,
    totals_text,
)
from tests.proofs.simulation.mutations import MUTATIONS
from tests.proofs.simulation.mutations.mutation import Mutation, MutationResult, run_mutation
from tests.proofs.simulation.scenarios import named
from tests.proofs.simulation.schedule import Fault, Schedule
from tests.proofs.simulation.sweep import Depth, Runner


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_guard_taken_out_is_noticed(mutation: Mutation) -> None:
    result = run_mutation(mutation)
    assert result.caught_by, f"{mutation.name}: {result.runs} runs noticed nothing"


def test_a_violation_is_reported_with_its_schedule_and_steps() -> None:
    (mutation,) = (m for m in MUTATIONS if m.name == "submit: 202 though the send failed")
    caught = run_mutation(mutation)
    assert caught.caught_by
    text = result_text(caught.caught_by)
    assert text.startswith(
        "VIOLATION in success\n  schedule: 3:submit_task send_message(a): error before effect"
    )
    assert "an_accepted_task_is_settled: task a ended QUEUED" in text
    assert "steps: 1:client POST /tasks(a), 2:submit_task put_item(a)" in text
    assert "caught: submit: 202 though the send failed" in mutation_text(caught)


def test_the_same_schedule_gives_the_same_run() -> None:
    schedule = Schedule({3: Fault.KILLED_AFTER})
    first, second = (Runner().run(named("failure, then success"), schedule) for _ in range(2))
    assert first.steps == second.steps
    assert first.injected == 1


def test_a_mutation_that_survives_is_reported_as_such() -> None:
    assert mutation_text(MutationResult("a guard", None, 7)) == "  NOT CAUGHT in 7 runs: a guard"


def test_the_numbers_of_a_sweep_are_reported_together() -> None:
    totals = SweepJob("written to the queue directly", Depth.SINGLES).run()
    total = Totals()
    total.add(totals)
    text = totals_text(total, scenarios=1, seconds=60)
    numbers = f"calls numbered: 6, schedules run: {totals.runs}, faults injected: {totals.runs - 1}"
    assert text == f"scenarios: 1, {numbers}, violations: 0 (60 s, {totals.runs} runs a minute)"
