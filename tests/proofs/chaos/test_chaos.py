"""A small storm, on the emulator."""

import pytest

from tests.proofs.chaos.report import Findings
from tests.proofs.chaos.run import chaos
from tests.proofs.chaos.workload import Plan

pytestmark = pytest.mark.emulator

# Shorter times than those of `make chaos`, and all kinds of trouble more often.
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
    storm_until=0.8,
    patience_seconds=120,
)


@pytest.fixture(scope="module")
def findings() -> Findings:
    return chaos(PLAN, lambda _: None)


def test_no_accepted_task_is_lost_nor_done_after_completion(findings: Findings) -> None:
    assert findings.broken == []
    assert not findings.lost | findings.done_after_completion


def test_every_task_is_accepted_in_the_end(findings: Findings) -> None:
    assert findings.accepted == findings.completed + findings.dead_lettered == PLAN.tasks


def test_what_was_dead_lettered_completes_once_failures_are_off(findings: Findings) -> None:
    assert findings.dead_lettered >= PLAN.tasks / 10  # ids ending in 3 fail every time
    assert findings.redriven == findings.dead_lettered
    assert findings.completed_after_redrive == PLAN.tasks


def test_the_storm_was_one(findings: Findings) -> None:
    assert findings.calls.keys() == {"untouched", "refused", "lost", "repeated", "late"}
    assert findings.killed.total() > 0
    assert findings.repeats > 0
    assert findings.sent_again > 0


def test_the_report_has_the_promised_lines(findings: Findings) -> None:
    assert findings.kept
    lines = findings.lines()
    for name, count in {"ACCEPTED": PLAN.tasks, "REDRIVEN": findings.redriven, "LOST": 0}.items():
        assert f"{name}: {count}" in lines
