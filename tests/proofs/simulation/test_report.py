"""What is printed must be enough to run the failing schedule again."""

from tests.proofs.simulation.calls import Fault, Schedule
from tests.proofs.simulation.campaign import (
    Catch,
    SweepUnit,
    Tally,
    catch,
    catch_text,
    outcome_text,
    tally_text,
)
from tests.proofs.simulation.mutations import MUTATIONS
from tests.proofs.simulation.scenarios import named
from tests.proofs.simulation.sweep import Depth, Runner


def test_a_violation_is_told_with_its_schedule_and_steps() -> None:
    (mutation,) = (m for m in MUTATIONS if m.name == "submit: 202 though the send failed")
    caught = catch(mutation)
    assert caught.by
    text = outcome_text(caught.by)
    assert text.startswith(
        "VIOLATION in success\n  schedule: 3:submit_task send_message(a): error before effect"
    )
    assert "an_accepted_task_is_settled: task a ended QUEUED" in text
    assert "steps: 1:client POST /tasks(a), 2:submit_task put_item(a)" in text
    assert "caught: submit: 202 though the send failed" in catch_text(caught)


def test_a_schedule_that_is_told_does_the_same_again() -> None:
    schedule = Schedule({3: Fault.KILLED_AFTER})
    first, second = (Runner().run(named("failure, then success"), schedule) for _ in range(2))
    assert first.calls == second.calls
    assert first.injected == 1


def test_a_mutation_that_nobody_noticed_is_told_as_such() -> None:
    assert catch_text(Catch("a guard", None, 7)) == "  NOT CAUGHT in 7 runs: a guard"


def test_the_numbers_of_a_sweep_are_told_together() -> None:
    tally = SweepUnit("written to the queue directly", Depth.SINGLES).run()
    total = Tally()
    total.add(tally)
    text = tally_text(total, scenarios=1, seconds=60)
    numbers = f"calls numbered: 6, schedules run: {tally.runs}, faults injected: {tally.runs - 1}"
    assert text == f"scenarios: 1, {numbers}, violations: 0 (60 s, {tally.runs} runs a minute)"
