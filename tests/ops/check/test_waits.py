from datetime import UTC, datetime

import pytest

from ops.check.api import wait_before_retry

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tries", "retry_after", "seconds"),
    [
        (1, None, 0.25),
        (2, None, 0.5),
        (4, None, 2.0),
        (20, None, 30.0),
        (5, "2", 2.0),
        (1, "0", 0.0),
        (1, "3600", 30.0),
        (1, "Sat, 21 Nov 2026 12:00:07 GMT", 7.0),
        (1, "Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        (1, "soon", 0.25),
    ],
)
def test_the_wait_doubles_unless_the_server_names_one(
    tries: int, retry_after: str | None, seconds: float
) -> None:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    assert wait_before_retry(tries, headers, NOW) == seconds
