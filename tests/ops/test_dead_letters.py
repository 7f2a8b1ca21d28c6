import re
from datetime import UTC, datetime

import pytest

from ops.errors import UsageError
from ops.tasks import Selection, count_dead_letters, list_dead_letters, pattern_of
from tests.ops.moto_stack import TABLE, MotoStack
from tests.ops.sample_records import dead_letter, record

EARLY, LATE = "2026-11-20T23:59:59.999Z", "2026-11-21T00:00:00.000Z"


@pytest.fixture
def filled(stack: MotoStack) -> MotoStack:
    stack.put(record("done", "COMPLETED", "COMPLETED"))
    stack.put(dead_letter("late", LATE, "503 from shop"))
    stack.put(dead_letter("early", EARLY, "no such order"))
    return stack


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), ["early", "late"]),
        (Selection(error=re.compile("503|504")), ["late"]),
        (Selection(error=re.compile("^ValueError: no")), ["early"]),
        (Selection(since=datetime(2026, 11, 21, tzinfo=UTC)), ["late"]),
        (Selection(re.compile("order"), datetime(2026, 11, 21, tzinfo=UTC)), []),
    ],
)
def test_dead_letters_are_listed_oldest_first_and_chosen_by_error_and_time(
    filled: MotoStack, selection: Selection, expected: list[str]
) -> None:
    letters = list_dead_letters(filled.aws.dynamodb, TABLE, selection)
    assert [letter.task_id for letter in letters] == expected


def test_a_dead_letter_reports_the_records_own_names(filled: MotoStack) -> None:
    letter = list_dead_letters(filled.aws.dynamodb, TABLE, Selection())[1]
    assert letter.document() == {
        "taskId": "late",
        "deadLetteredAt": LATE,
        "createdAt": "2026-11-21T09:00:00.000Z",
        "generation": 1,
        "lastError": {"type": "ValueError", "message": "503 from shop"},
    }


def test_every_page_of_the_index_is_read(stack: MotoStack) -> None:
    long = "x" * 40_000  # 40 of these are more than the 1 MB of one page
    for number in range(40):
        stack.put(dead_letter(f"t-{number:02}", error=long))
    assert len(list_dead_letters(stack.aws.dynamodb, TABLE, Selection())) == 40
    assert count_dead_letters(stack.aws.dynamodb, TABLE) == 40


def test_only_dead_letters_are_counted(filled: MotoStack) -> None:
    assert count_dead_letters(filled.aws.dynamodb, TABLE) == 2


def test_a_wrong_pattern_is_refused_with_its_reason() -> None:
    with pytest.raises(UsageError, match=r"--error '\(' is no regular expression: missing \)"):
        pattern_of("(")
