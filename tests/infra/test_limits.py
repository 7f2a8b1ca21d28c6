"""Times that follow from several settings, each at two values or more."""

from infra.settings.limits import backoffs_seconds, retry_span_seconds, visibility_timeout_seconds


def test_visibility_is_six_timeouts_and_the_window() -> None:
    assert visibility_timeout_seconds(30, 0) == 180
    assert visibility_timeout_seconds(100, 20) == 620


def test_backoffs_double_up_to_the_longest() -> None:
    assert backoffs_seconds(6, 5, 30) == [5, 10, 20, 30, 30]
    assert backoffs_seconds(1, 5, 30) == []


def test_a_retry_span_is_all_backoffs_and_all_attempts() -> None:
    assert retry_span_seconds(3, 5, 900, 30) == 5 + 10 + 3 * 30
    assert retry_span_seconds(1, 5, 900, 30) == 30
