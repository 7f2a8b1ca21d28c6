"""Each broken promise is found in the evidence: the proof that chaos could fail."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from process_task.work import perform
from taskguard.model.json_text import digest
from taskguard.model.record import Attempt, Failure, Outcome, Status, TaskRecord
from taskguard.model.views import attempts_view
from taskguard.work import Task, WorkContext
from tests.proofs.chaos.invariants import Evidence, gather, keeps_what_was
from tests.proofs.chaos.report import Findings

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PAYLOAD = {"a": [1, None, "ż"]}
ERROR = Failure("SimulatedFailure", "simulated failure of attempt 1")
FAILED = Attempt(1, 1, NOW, "r1", NOW + timedelta(seconds=1), Outcome.FAILED, ERROR)
DONE = Attempt(1, 2, NOW + timedelta(seconds=3), "r2", NOW + timedelta(seconds=4), Outcome.COMPLETED)
RESULT = perform(Task("t", PAYLOAD, 2, 1, NOW), WorkContext("r2", NOW))
COMPLETED = TaskRecord(
    "t",
    Status.COMPLETED,
    1,
    PAYLOAD,
    digest(PAYLOAD),
    NOW,
    NOW,
    (FAILED, DONE),
    ERROR,
    RESULT,
    completed_at=NOW + timedelta(seconds=4),
)
DEAD = replace(
    COMPLETED,
    status=Status.DEAD_LETTERED,
    attempts=(FAILED,),
    result=None,
    completed_at=None,
    dead_lettered_at=NOW + timedelta(seconds=2),
)


def _started(attempt: int, request: str) -> dict[str, Any]:
    return {"event": "TASK_STARTED", "taskId": "t", "attempt": attempt, "function_request_id": request}


BOTH = (_started(1, "r1"), _started(2, "r2"))
OBITUARY = {
    "event": "TASK_DEAD_LETTER",
    "taskId": "t",
    "payload": PAYLOAD,
    "lastError": {"type": ERROR.type, "message": ERROR.message},
    "attempts": attempts_view(DEAD),
}
LATE = replace(DONE, started_at=NOW + timedelta(seconds=5), request_id="r3")


def _judged(record: TaskRecord | None, *lines: dict[str, Any]) -> Findings:
    findings = Findings(submitted=1)
    findings.judge(gather({"t": PAYLOAD}, {"t": record} if record else {}, lines))
    return findings


def test_a_completed_task_breaks_no_promise() -> None:
    assert _judged(COMPLETED, *BOTH).broken == []


def test_a_dead_letter_with_its_log_line_breaks_no_promise() -> None:
    assert _judged(DEAD, _started(1, "r1"), OBITUARY).broken == []


def test_a_null_payload_may_be_left_out_of_the_log_line() -> None:
    line = {key: value for key, value in OBITUARY.items() if key != "payload"}
    findings = Findings(submitted=1)
    findings.judge([Evidence("t", None, replace(DEAD, payload=None), (line,))])
    assert findings.broken == []


@pytest.mark.parametrize("record", [None, replace(DEAD, status=Status.RETRYING)])
def test_a_task_without_a_record_or_an_end_is_lost(record: TaskRecord | None) -> None:
    findings = _judged(record)
    assert findings.lost == {"t"}
    assert not findings.kept


def test_a_task_that_is_judged_twice_is_lost_once() -> None:
    findings = Findings(submitted=1)
    for _ in range(2):
        findings.judge([Evidence("t", PAYLOAD, None)])
    assert "LOST: 1" in findings.lines()
    assert len(findings.broken) == 1


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
    assert _judged(record, *lines).done_after_completion == {"t"}


@pytest.mark.parametrize(
    ("record", "lines", "word"),
    [
        (
            replace(DEAD, payload={"a": [True, None, "ż"]}),
            ({**OBITUARY, "payload": {"a": [True, None, "ż"]}},),
            "payload",
        ),
        (replace(COMPLETED, result={"bytes": 1}), BOTH, "result"),
        (COMPLETED, (*BOTH, _started(1, "r0")), "missing"),
        (COMPLETED, (*BOTH, BOTH[1]), "twice"),
        (replace(DEAD, last_error=None), (OBITUARY,), "without an error"),
        (DEAD, (), "none of 0 log lines"),
        (DEAD, ({**OBITUARY, "attempts": []},), "none of 1 log lines"),
        (DEAD, ({**OBITUARY, "payload": 1},), "none of 1 log lines"),
    ],
)
def test_every_other_broken_promise_is_found(
    record: TaskRecord, lines: tuple[dict[str, Any], ...], word: str
) -> None:
    findings = _judged(record, *lines)
    assert [word in how for how in findings.broken] == [True]


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
    assert list(keeps_what_was({"t": before}, Evidence("t", PAYLOAD, after))) == words
