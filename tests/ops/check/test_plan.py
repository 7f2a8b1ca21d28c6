from datetime import UTC, datetime, timedelta, timezone

import pytest

from ops.check.plan import CheckPlan, name_of, task_ids
from ops.errors import UsageError


@pytest.mark.parametrize(
    ("count", "first", "last", "ending_in_3"),
    [
        (1, "r-00", "r-00", 0),
        (30, "r-00", "r-29", 3),
        (100, "r-00", "r-99", 10),
        (101, "r-000", "r-100", 10),
        (200, "r-000", "r-199", 20),
    ],
)
def test_ids_have_one_width_of_two_digits_or_more(
    count: int, first: str, last: str, ending_in_3: int
) -> None:
    ids = task_ids("r", count)
    assert (len(ids), ids[0], ids[-1]) == (count, first, last)
    assert sum(task_id.endswith("3") for task_id in ids) == ending_in_3


def test_a_run_is_named_after_its_second_in_utc() -> None:
    moment = datetime(2026, 11, 22, 0, 55, 1, 999, timezone(timedelta(hours=1)))
    assert name_of(moment) == "run-20261121-235501"
    assert name_of(moment + timedelta(seconds=1)) != name_of(moment.astimezone(UTC))


@pytest.mark.parametrize("name", ["", "a b", "ü", "a/b", "x" * 126, "a\n"])
def test_a_name_that_cannot_begin_a_task_id_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="--run"):
        task_ids(name, 30)


def test_tasks_fail_on_purpose_only_if_that_is_asked_for() -> None:
    assert CheckPlan("r").payload("r-03") == {"run": "r", "task": "r-03"}
    asked = CheckPlan("r", fail=True)
    assert [asked.payload(f"r-0{n}").get("failAttempts") for n in (0, 3, 7)] == [None, 100, 1]
