import pytest

from ops.check.result import CheckedTask, CheckResult, latency
from tests.ops.sample_records import checked, dead_letter, record

DONE = checked(record("a-00", "COMPLETED", "COMPLETED"))
RETRIED = checked(record("a-01", "COMPLETED", "FAILED", "COMPLETED"))
DEAD = checked(dead_letter("a-03"))
WAITING = checked(record("a-02", "RETRYING", "FAILED"))
ABSENT = CheckedTask("a-04")


@pytest.mark.parametrize(
    ("task", "settled", "succeeded", "failed"),
    [
        (DONE, True, True, False),
        (RETRIED, True, False, True),
        (checked(record("a", "COMPLETED", "", "COMPLETED")), True, False, True),
        (DEAD, True, False, True),
        (checked(record("a", "DEAD_LETTERED")), True, False, True),
        (WAITING, False, False, True),
        (checked(record("a", "GIVING_UP", "FAILED")), False, False, True),
        (checked(record("a", "CANCELLED")), True, False, False),
        (checked(record("a", "COMPLETED", "POSTPONED", "COMPLETED")), True, True, False),
        (checked(record("a", "COMPLETED", "POSTPONED", "FAILED", "COMPLETED")), True, False, True),
        (checked(record("a", "PROCESSING", "")), False, False, False),
        (checked(record("a", "QUEUED")), False, False, False),
        (ABSENT, False, False, False),
    ],
)
def test_a_task_tells_how_its_first_attempt_went(
    task: CheckedTask, settled: bool, succeeded: bool, failed: bool
) -> None:
    assert (task.settled, task.succeeded_at_first, task.failed_at_first) == (
        settled,
        succeeded,
        failed,
    )


def test_the_document_has_the_promised_fields_and_no_others() -> None:
    result = CheckResult(6, (DONE, RETRIED, WAITING, DEAD, ABSENT), 12.34567, (0.1,), {"a-05": "503"})
    document = result.document()
    tasks = document.pop("tasks")
    assert document == {
        "submitted": 6,
        "accepted": 5,
        "success_first_attempt": 1,
        "failed_first_attempt": 3,
        "completed": 2,
        "dead_lettered": 1,
        "lost": 2,
        "duration_seconds": 12.346,
    }
    assert tasks[3] == {
        "taskId": "a-03",
        "status": "DEAD_LETTERED",
        "attempts": 3,
        "lastError": {"type": "ValueError", "message": "boom"},
    }
    assert tasks[4] == {"taskId": "a-04", "status": "ABSENT", "attempts": 0, "lastError": None}


def test_a_task_whose_history_was_shortened_tells_how_many_attempts_it_had() -> None:
    assert checked(record("a", "COMPLETED", "COMPLETED", attemptCount=31)).document()["attempts"] == 31


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [([], (0.0, 0.0)), ([0.02], (20.0, 20.0)), ([n / 1000 for n in range(101)], (50.0, 95.0))],
)
def test_latency_is_median_and_95th_percentile_in_milliseconds(
    seconds: list[float], expected: tuple[float, float]
) -> None:
    assert latency(seconds) == pytest.approx(expected)
