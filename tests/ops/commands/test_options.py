from datetime import UTC, datetime, timedelta

import pytest

from ops.commands.options import parse_length, parse_moment
from ops.errors import UsageError
from taskguard.model.clock import to_text

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("2h30m", timedelta(hours=2, minutes=30)),
        (" 7d ", timedelta(days=7)),
        ("0s", timedelta()),
    ],
)
def test_a_length_is_read(text: str, expected: timedelta) -> None:
    assert parse_length(text) == expected


@pytest.mark.parametrize("text", ["", "15", "m", "-5m", "1.5h", "30m2h", "5 m", "9999999999999d"])
def test_a_wrong_length_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match=repr(text)):
        parse_length(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21T09:00:00Z", "2026-11-21T09:00:00.000Z"),
        ("2026-11-21T10:00:00+01:00", "2026-11-21T09:00:00.000Z"),
        ("2026-11-21T09:00:00", "2026-11-21T09:00:00.000Z"),
        ("2026-11-21", "2026-11-21T00:00:00.000Z"),
        ("2h", "2026-11-21T10:00:00.000Z"),
    ],
)
def test_a_moment_is_a_time_or_a_length_back_from_now(text: str, expected: str) -> None:
    assert to_text(parse_moment(text, NOW)) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "999999d"])
def test_a_wrong_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match="2026-11-21T09:00:00Z"):
        parse_moment(text, NOW)
