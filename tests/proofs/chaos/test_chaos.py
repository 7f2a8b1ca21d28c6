"""A short run on the emulator."""

import pytest

from tests.proofs.chaos.report import Report
from tests.proofs.chaos.run import chaos
from tests.proofs.chaos.workload import Plan

pytestmark = pytest.mark.emulator

# Shorter times than those of `make chaos`, and every kind of fault more often.
PLAN = Plan(
    tasks=150,
    seed=7,
    fault_rate=0.1,
    clients=4,
    burst_tasks=75,
    rest_seconds=0.5,
    kill_calls=100,
    duplicate_seconds=0.3,
    process_timeout_seconds=6,
    most_copies=2,
    faults_until=0.8,
    patience_seconds=120,
)


@pytest.fixture(scope="module")
def report() -> Report:
    return chaos(PLAN, lambda _: None)


def test_no_accepted_task_is_lost_nor_done_after_completion(report: Report) -> None:
    assert report.violations == []
    assert not report.lost | report.done_after_completion


def test_every_task_is_accepted_in_the_end(report: Report) -> None:
    assert report.accepted == report.completed + report.dead_lettered == PLAN.tasks


def test_what_was_dead_lettered_completes_once_failures_are_off(report: Report) -> None:
    assert report.dead_lettered >= PLAN.tasks / 10  # ids ending in 3 fail every time
    assert report.redriven == report.dead_lettered
    assert report.completed_after_redrive == PLAN.tasks


def test_every_kind_of_fault_happened(report: Report) -> None:
    assert report.calls.keys() == {"untouched", "refused", "lost", "repeated", "late"}
    assert report.killed.total() > 0
    assert report.repeats > 0
    assert report.duplicates > 0


def test_the_report_has_the_promised_lines(report: Report) -> None:
    assert report.kept
    lines = report.lines()
    for name, count in {"ACCEPTED": PLAN.tasks, "REDRIVEN": report.redriven, "LOST": 0}.items():
        assert f"{name}: {count}" in lines
