"""Each violation is found in the history: the proof that chaos could fail."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from taskguard.kinds import PROBE
from taskguard.model.json_text import Json, compact, digest
from taskguard.model.record import Attempt, Failure, Outcome, Status, TaskRecord
from taskguard.model.simulation import Simulation
from taskguard.model.views import attempts_view
from taskguard.probe import Probe
from taskguard.work import Context
from tests.proofs.chaos.invariants import TaskHistory, histories_of, keeps_what_was
from tests.proofs.chaos.report import Report

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PAYLOAD: Json = {"a": [1, None, "ż"]}
ERROR = Failure("SimulatedFailure", "simulated failure of attempt 1")
FAILED = Attempt(1, 1, NOW, "r1", NOW + timedelta(seconds=1), Outcome.FAILED, ERROR)
DONE = Attempt(1, 2, NOW + timedelta(seconds=3), "r2", NOW + timedelta(seconds=4), Outcome.COMPLETED)
RESULT = Probe(Simulation())(PAYLOAD, Context("t", PROBE, 2, 1, NOW, NOW))
COMPLETED = TaskRecord(
    "t",
    Status.COMPLETED,
    1,
    PAYLOAD,
    digest(PAYLOAD),
    NOW,
    NOW,
    (FAILED, DONE),
    attempt_count=2,
    attempts_used=2,
    last_error=ERROR,
    result=RESULT,
    completed_at=NOW + timedelta(seconds=4),
)
DEAD = replace(
    COMPLETED,
    status=Status.DEAD_LETTERED,
    attempts=(FAILED,),
    attempt_count=1,
    attempts_used=1,
    result=None,
    completed_at=None,
    dead_lettered_at=NOW + timedelta(seconds=2),
)


def _started(attempt: int, request: str) -> dict[str, Any]:
    return {"event": "TASK_STARTED", "taskId": "t", "attempt": attempt, "functionRequestId": request}


BOTH = (_started(1, "r1"), _started(2, "r2"))
DEAD_LETTER_LINE = {
    "event": "TASK_DEAD_LETTER",
    "taskId": "t",
    "payload": compact(PAYLOAD),
    "lastError": {"type": ERROR.type, "message": ERROR.message},
    "attempts": attempts_view(DEAD),
    "createdAt": "2026-11-21T09:00:00.000Z",
    "failedAt": "2026-11-21T09:00:02.000Z",
}
LATE = replace(DONE, started_at=NOW + timedelta(seconds=5), request_id="r3")


def _checked(record: TaskRecord | None, *lines: dict[str, Any]) -> Report:
    report = Report(submitted=1)
    report.check(histories_of({"t": PAYLOAD}, {"t": record} if record else {}, lines))
    return report


def test_a_completed_task_breaks_no_invariant() -> None:
    assert _checked(COMPLETED, *BOTH).violations == []


def test_a_dead_letter_with_its_log_line_breaks_no_invariant() -> None:
    assert _checked(DEAD, _started(1, "r1"), DEAD_LETTER_LINE).violations == []


@pytest.mark.parametrize("record", [None, replace(DEAD, status=Status.RETRYING)])
def test_a_task_without_a_record_or_an_end_is_lost(record: TaskRecord | None) -> None:
    report = _checked(record)
    assert report.lost == {"t"}
    assert not report.kept


def test_a_task_that_is_checked_twice_is_lost_once() -> None:
    report = Report(submitted=1)
    for _ in range(2):
        report.check([TaskHistory("t", PAYLOAD, None)])
    assert "LOST: 1" in report.lines()
    assert len(report.violations) == 1


@pytest.mark.parametrize(
    ("record", "lines"),
    [
        (replace(COMPLETED, attempts=(FAILED, DONE, FAILED)), BOTH),
        (replace(COMPLETED, attempts=(DONE, DONE)), BOTH),
        (replace(COMPLETED, attempts=(FAILED, LATE)), BOTH),
        (COMPLETED, (*BOTH, _started(3, "r3"))),
    ],
    ids=["failed after completion", "completed twice", "began too late", "in the log only"],
)
def test_work_after_completion_is_found(record: TaskRecord, lines: tuple[dict[str, Any], ...]) -> None:
    assert _checked(record, *lines).done_after_completion == {"t"}


@pytest.mark.parametrize(
    ("record", "lines", "word"),
    [
        (
            replace(DEAD, payload={"a": [True, None, "ż"]}),
            ({**DEAD_LETTER_LINE, "payload": compact({"a": [True, None, "ż"]})},),
            "payload",
        ),
        (replace(COMPLETED, result={"bytes": 1}), BOTH, "result"),
        (COMPLETED, (*BOTH, _started(1, "r0")), "missing"),
        (COMPLETED, (*BOTH, BOTH[1]), "twice"),
        (replace(DEAD, last_error=None), (DEAD_LETTER_LINE,), "without an error"),
        (DEAD, (), "none of 0 log lines"),
        (DEAD, ({**DEAD_LETTER_LINE, "attempts": []},), "none of 1 log lines"),
        (DEAD, ({**DEAD_LETTER_LINE, "payload": "1"},), "none of 1 log lines"),
        (replace(DEAD, attempts_used=2), (DEAD_LETTER_LINE,), "has used 2 attempts"),
        (replace(DEAD, attempt_count=2), (DEAD_LETTER_LINE,), "counts 2 attempts"),
        (DEAD, ({**DEAD_LETTER_LINE, "lastError": None},), "none of 1 log lines"),
        (DEAD, ({**DEAD_LETTER_LINE, "createdAt": None},), "none of 1 log lines"),
        (DEAD, ({**DEAD_LETTER_LINE, "failedAt": None},), "none of 1 log lines"),
    ],
)
def test_every_other_violation_is_found(
    record: TaskRecord, lines: tuple[dict[str, Any], ...], word: str
) -> None:
    report = _checked(record, *lines)
    assert [word in how for how in report.violations] == [True]


def test_an_attempt_beyond_the_limit_is_found() -> None:
    record = replace(COMPLETED, attempts=(FAILED, FAILED, FAILED, DONE), attempt_count=4, attempts_used=4)
    (violation,) = _checked(record, _started(4, "r2")).violations
    assert "generation 1 had 4 attempts, 3 are allowed" in violation


REDRIVEN = replace(COMPLETED, generation=2, attempts=(FAILED, replace(DONE, generation=2)))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (COMPLETED, COMPLETED, []),
        (DEAD, REDRIVEN, []),
        (DEAD, replace(REDRIVEN, attempts=(DONE,)), ["its history changed"]),
        (DEAD, replace(REDRIVEN, generation=1), ["it was redriven, and has no new generation"]),
        (COMPLETED, replace(COMPLETED, result=1), ["it was completed, and changed"]),
        (COMPLETED, None, ["its history changed"]),
    ],
)
def test_a_redrive_that_takes_something_away_is_found(
    before: TaskRecord, after: TaskRecord | None, words: list[str]
) -> None:
    assert list(keeps_what_was({"t": before}, TaskHistory("t", PAYLOAD, after))) == words
