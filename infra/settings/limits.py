"""Ranges of settings, each with its source, and the times that follow from several settings.

AWS sets most of the ranges; some are narrower. Each formula is written once, here.
"""

import re

from botocore.loaders import Loader

from infra.settings.rules import Choice, NumberChoice, Text, TextMap, Whole

SECONDS_A_DAY = 86_400

OLDEST_PYTHON = (3, 11)


def python_runtimes() -> list[str]:
    """Return Lambda's names of the Pythons that the AWS SDK knows and this code runs on, oldest first."""
    names = Loader().load_service_model("lambda", "service-2")["shapes"]["Runtime"]["enum"]
    versions = sorted(
        tuple(map(int, found.groups()))
        for name in names
        if (found := re.fullmatch(r"python(\d+)\.(\d+)", name))
    )
    return [f"python{major}.{minor}" for major, minor in versions if (major, minor) >= OLDEST_PYTHON]


# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
FUNCTION_TIMEOUT_SECONDS = Whole(1, 900)
# What is left of less than 5 s, beside the seconds that are kept to report a hanging attempt, is no attempt.
PROCESS_TIMEOUT_SECONDS = Whole(5, 900)
FUNCTION_MEMORY_MB = Whole(128, 10240)
FUNCTION_RUNTIME = Choice(("python3.13", *(each for each in python_runtimes() if each != "python3.13")))

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html; 0 reserves none.
RESERVED_CONCURRENCY = Whole(0, 1000)
# What an account has at first, all its functions together, and what AWS leaves to those that reserve nothing.
ACCOUNT_CONCURRENCY, UNRESERVED_CONCURRENCY = 1000, 100

# https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
BATCH_SIZE = Whole(1, 10000)
BATCHING_WINDOW_SECONDS = Whole(0, 300)
MAXIMUM_CONCURRENCY = Whole(2, 1000)

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
VISIBILITY_TIMEOUT_SECONDS = Whole(0, 43200)
QUEUE_RETENTION_DAYS = Whole(1, 14)
MAX_RECEIVE_COUNT = Whole(1, 1000)
# With waits of up to 15 minutes, 100 attempts already last a day.
MAX_ATTEMPTS = Whole(1, 100)
# Receives without an attempt that a message may have, before SQS itself moves it: throttled invocations, busy
# leases and a neighbour's time-out use them up. At least five is what AWS asks for:
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig
SPARE_RECEIVES = 5

# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html
# https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
EVENT_AGE_SECONDS = Whole(60, 21600)

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = NumberChoice(
    (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
)

# -1 is AWS's word for "none any more"; the upper bound is the quota of a table that nobody had raised:
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_OnDemandThroughput.html
TABLE_MAX_UNITS = Whole(-1, 40_000)

# Account defaults: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
API_RATE_LIMIT = Whole(1, 10000)
API_BURST_LIMIT = Whole(1, 5000)

# 50 tags per resource, three of which the program sets itself:
# https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
TAGS = TextMap(
    key=Text(r"(?!aws:)[\w .:/=+@-]{1,128}", "1 to 128 letters, digits or _.:/=+@-, not aws:...", "Team"),
    value=Text(r"[\w .:/=+@-]{0,256}", "up to 256 such characters", "payments"),
    most=47,
)

# A region's name has at most 14 characters.
GLOBAL_NAME_SUFFIX = Text(
    r"([a-z0-9][a-z0-9-]{0,15})?", "up to 16 small letters, digits or hyphens (empty is none)", "eu-west-1"
)

# The names of the functions' roles contain it and must stay within IAM's 64 characters:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
STACK_NAME = Text(r"[A-Za-z0-9][A-Za-z0-9-]{0,29}", "1 to 30 letters, digits or hyphens", "dev")
# What the 64 characters leave for stack and suffix, beside `taskguard-`, hyphens, and a noun of up to 23.
STACK_NAME_AND_SUFFIX_LENGTH = 29


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


def longest_life_seconds(
    max_attempts: int, base_seconds: int, max_seconds: int, timeout_seconds: int, window_seconds: int
) -> int:
    """Return how long a task may be tried, at worst, from its first receive until it is given up.

    An attempt whose worker was killed costs more than one that failed: its message comes back after the whole
    visibility timeout, not after the function's timeout and a backoff. Work that asks to be called later adds
    up to `taskDeadlineDays`, in which its messages are sent anew.
    """
    hidden = visibility_timeout_seconds(timeout_seconds, window_seconds)
    backoffs = [*backoffs_seconds(max_attempts, base_seconds, max_seconds), 0]
    return sum(max(hidden, timeout_seconds + backoff) for backoff in backoffs)
