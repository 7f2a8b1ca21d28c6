import uuid
from datetime import UTC, datetime, timedelta

import pytest

from taskguard.model.record import is_task_id, new_task_id

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("good", ["a", "A-1_b.c:d", "x" * 128])
def test_ids_in_the_pattern_are_accepted(good: str) -> None:
    assert is_task_id(good)


@pytest.mark.parametrize("bad", ["", "x" * 129, "a b", "a/b", "é", "a\n", "\uff11", None, 3, ["a"]])
def test_anything_else_is_no_id(bad: object) -> None:
    assert not is_task_id(bad)


def test_a_generated_id_is_a_uuid_of_version_7_and_a_valid_id() -> None:
    generated = uuid.UUID(new_task_id(NOW))
    assert (generated.version, generated.variant) == (7, uuid.RFC_4122)
    assert generated.int >> 80 == int(NOW.timestamp() * 1000)
    assert is_task_id(str(generated))


def test_generated_ids_differ_and_sort_by_time() -> None:
    ids = [new_task_id(NOW + timedelta(milliseconds=n)) for n in range(100)]
    assert ids == sorted(set(ids))
    assert new_task_id(NOW) != new_task_id(NOW)
