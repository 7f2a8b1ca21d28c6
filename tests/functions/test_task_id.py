import uuid
from datetime import UTC, datetime, timedelta

import pytest

from taskguard import task_id

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("good", ["a", "A-1_b.c:d", "x" * 128])
def test_ids_in_the_pattern_are_accepted(good: str) -> None:
    assert task_id.is_valid(good)


@pytest.mark.parametrize("bad", ["", "x" * 129, "a b", "a/b", "é", "a\n", "\uff11", None, 3, ["a"]])
def test_anything_else_is_no_id(bad: object) -> None:
    assert not task_id.is_valid(bad)


def test_a_generated_id_is_a_uuid_of_version_7_and_a_valid_id() -> None:
    generated = uuid.UUID(task_id.generate(NOW))
    assert (generated.version, generated.variant) == (7, uuid.RFC_4122)
    assert generated.int >> 80 == int(NOW.timestamp() * 1000)
    assert task_id.is_valid(str(generated))


def test_generated_ids_differ_and_sort_by_time() -> None:
    ids = [task_id.generate(NOW + timedelta(milliseconds=n)) for n in range(100)]
    assert ids == sorted(set(ids))
    assert task_id.generate(NOW) != task_id.generate(NOW)
