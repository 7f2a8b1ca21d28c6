"""Ranges of settings, each with its source, and the times that follow from several settings.

AWS sets most of the ranges; some are narrower. Each formula is written once, here.
"""

from infra.settings.rules import Choice, NumberChoice, Text, TextMap, Whole

SECONDS_A_DAY = 86_400

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
FUNCTION_TIMEOUT_SECONDS = Whole(1, 900)
FUNCTION_MEMORY_MB = Whole(128, 10240)
FUNCTION_RUNTIME = Choice(("python3.13", "python3.11", "python3.12", "python3.14"))

# https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
BATCH_SIZE = Whole(1, 10000)
BATCHING_WINDOW_SECONDS = Whole(0, 300)
MAXIMUM_CONCURRENCY = Whole(2, 1000)

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
VISIBILITY_TIMEOUT_SECONDS = Whole(0, 43200)
QUEUE_RETENTION_DAYS = Whole(1, 14)
# SQS allows 1000 receives; with waits of up to 15 minutes, 100 attempts already last a day.
MAX_ATTEMPTS = Whole(1, 100)

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = NumberChoice(
    (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
)

# Account defaults: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
API_RATE_LIMIT = Whole(1, 10000)
API_BURST_LIMIT = Whole(1, 5000)

# 50 tags per resource, two of which the program sets itself:
# https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
TAGS = TextMap(
    key=Text(r"(?!aws:)[\w .:/=+@-]{1,128}", "1 to 128 letters, digits or _.:/=+@-, not aws:...", "Team"),
    value=Text(r"[\w .:/=+@-]{0,256}", "up to 256 such characters", "payments"),
    most=48,
)

# The names of the functions' roles contain it and must stay within IAM's 64 characters:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
STACK_NAME = Text(r"[A-Za-z0-9][A-Za-z0-9-]{0,29}", "1 to 30 letters, digits or hyphens", "dev")


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
