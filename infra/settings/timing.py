"""Times that follow from several settings. Each formula is written once, here."""

SECONDS_A_DAY = 86_400


def visibility_timeout_seconds(function_timeout_seconds: int, batching_window_seconds: int) -> int:
    """Return how long a received message stays hidden: six function timeouts plus the batching window.

    Six timeouts leave Lambda time to retry a batch that was throttled:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    return 6 * function_timeout_seconds + batching_window_seconds


def backoffs_seconds(max_attempts: int, base_seconds: int, max_seconds: int) -> list[int]:
    """Return the wait before each attempt but the first: `base_seconds`, doubled each time, capped.

    `RetryPolicy.backoff_seconds` in `functions/` has the same formula, which cannot be shared: neither side
    imports the other. `tests/infra/test_agreement.py` compares the two.
    """
    return [min(base_seconds * 2**number, max_seconds) for number in range(max_attempts - 1)]


def retry_span_seconds(max_attempts: int, base_seconds: int, max_seconds: int, timeout_seconds: int) -> int:
    """Return the time from the start of a task's first attempt to the end of its last, at worst.

    Every attempt then takes as long as the function may run, `timeout_seconds`.
    """
    return sum(backoffs_seconds(max_attempts, base_seconds, max_seconds)) + max_attempts * timeout_seconds
