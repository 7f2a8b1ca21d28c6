"""The AWS clients of the functions, and the few errors that their failures become."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from taskguard.model.errors import AwsRefused, CutOff, MessageGone, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

MAX_CONNECTIONS: Final = 64
"""Connections that a client keeps open: one for each thread that uses it at the same time."""

CONFIG: Final = Config(
    connect_timeout=3,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=MAX_CONNECTIONS,
)
"""Bounds a call: three attempts, each 3 s to connect and 2 s to get an answer, and at most 3 s of waits.

Connecting may take longer than an answer: a lost packet is sent again after one second, and the first TLS
handshake of a small function is slow. Two calls that cannot connect end before the API's 30 s do.
"""


SHORT_CONFIG: Final = CONFIG.merge(
    Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
)
"""One short try: for what is reported in the last seconds of an invocation."""

_REFUSALS: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AWS.SimpleQueueService.NonExistentQueue",
        "InvalidClientTokenId",
        "InvalidMessageContents",
        "InvalidParameterValue",
        "InvalidSignatureException",
        "ItemCollectionSizeLimitExceededException",
        "MissingParameter",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)
"""Codes of calls that are refused again until somebody changes something; KMS's (below) are, too:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html"""

_GONE: Final = frozenset(
    {
        "AWS.SimpleQueueService.MessageNotInflight",
        "InvalidParameterValue",
        "MessageNotInflight",
        "ReceiptHandleIsInvalid",
    }
)
"""Codes of ChangeMessageVisibility for a message that is not in flight any more. The parameters are ours and
in range, so that an invalid value can only be the receipt handle."""


def dynamodb(config: Config = CONFIG) -> "DynamoDBClient":
    """Return a client of the table; safe to share between threads."""
    return boto3.client("dynamodb", config=config)


def sqs(config: Config = CONFIG) -> "SQSClient":
    """Return a client of the queues; safe to share between threads."""
    return boto3.client("sqs", config=config)


class Cutoff:
    """Keeps a thread from calling AWS once its attempt was reported by somebody else.

    A thread cannot be stopped. One whose attempt is over must not go on beside the next attempt; until the
    process ends, this is what holds it.
    """

    _of_thread: Final = threading.local()

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._over = False

    def guard_this_thread(self) -> None:
        """Check every further call of the calling thread."""
        self._of_thread.cutoff = self

    @classmethod
    def of_this_thread(cls) -> "Cutoff":
        """Return what guards the calling thread; one that never cuts if nothing does."""
        found: Cutoff | None = getattr(cls._of_thread, "cutoff", None)
        return found or cls()

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Check the calling thread's calls meanwhile: a thread of the work's own, or the attempt's."""
        before: Cutoff | None = getattr(self._of_thread, "cutoff", None)
        self._of_thread.cutoff = self
        try:
            yield
        finally:
            self._of_thread.cutoff = before

    def cut(self) -> None:
        """Let no further call begin; one that has begun may still take effect."""
        with self._lock:
            self._over = True

    @classmethod
    def check(cls) -> None:
        """Raise `CutOff` if the calling thread's attempt is over."""
        cutoff: Cutoff | None = getattr(cls._of_thread, "cutoff", None)
        if cutoff:
            with cutoff._lock:
                if cutoff._over:
                    raise CutOff


@contextmanager
def aws_errors(operation: str) -> Iterator[None]:
    """Turn any failure of an AWS call into an `AwsError`, and let a refused condition through.

    Raises
    ------
    CutOff
        The calling thread's attempt was reported by somebody else; the call is not made.
    """
    Cutoff.check()
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        if code == "ConditionalCheckFailedException":
            raise
        if operation == "ChangeMessageVisibility" and code in _GONE:
            raise MessageGone(operation, code) from error
        refused = code in _REFUSALS or (code.upper().startswith("KMS") and "THROTTL" not in code.upper())
        raise (AwsRefused if refused else Unavailable)(operation, code) from error
    except BotoCoreError as error:
        raise Unavailable(operation, type(error).__name__) from error
