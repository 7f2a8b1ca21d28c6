"""Times that follow from several settings, each at two values or more."""

from infra.settings.limits import backoffs_seconds, longest_life_seconds, visibility_timeout_seconds


def test_visibility_is_six_timeouts_and_the_window() -> None:
    assert visibility_timeout_seconds(30, 0) == 180
    assert visibility_timeout_seconds(100, 20) == 620


def test_backoffs_double_up_to_the_longest() -> None:
    assert backoffs_seconds(6, 5, 30) == [5, 10, 20, 30, 30]
    assert backoffs_seconds(1, 5, 30) == []


def test_at_worst_every_worker_is_killed_and_every_message_comes_back_after_its_visibility_timeout() -> None:
    assert longest_life_seconds(3, 5, 900, 30, 0) == 3 * 180
    assert longest_life_seconds(20, 5, 900, 900, 0) == 30 * 3600
    assert longest_life_seconds(2, 5, 900, 10, 20) == 2 * 80


def test_at_worst_a_long_backoff_takes_longer_than_a_killed_worker() -> None:
    assert longest_life_seconds(2, 500, 900, 10, 0) == (10 + 500) + 60
