"""Figures that follow from other figures; each formula stands once, with its source."""


def visibility_timeout_seconds(function_timeout_seconds: int, batching_window_seconds: int) -> int:
    """Return how long a received message stays hidden: six function timeouts and the batching window.

    Six timeouts leave Lambda time to try again when the function is throttled:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    return 6 * function_timeout_seconds + batching_window_seconds


def waits_seconds(max_attempts: int, base_seconds: int, longest_seconds: int) -> list[int]:
    """Return the waits between tries: `base_seconds`, doubled each time, at most `longest_seconds`."""
    return [min(base_seconds * 2**number, longest_seconds) for number in range(max_attempts - 1)]


def longest_retry_span_seconds(
    max_attempts: int, base_seconds: int, longest_seconds: int, timeout_seconds: int
) -> int:
    """Return the time from a task's first try to the end of its last, if each one takes as long as it may."""
    return sum(waits_seconds(max_attempts, base_seconds, longest_seconds)) + max_attempts * timeout_seconds
