"""The AWS clients of the functions, and the one error that their failures become."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from taskguard.model.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

MAX_CONNECTIONS: Final = 64
"""Connections that a client keeps open: one for each thread that uses it at the same time."""

CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=MAX_CONNECTIONS,
)
"""Bounds a call to 9 s and some backoff, so that two in a row end before the API's 30 s do."""


def dynamodb() -> "DynamoDBClient":
    """Return a client of the table; safe to share between threads."""
    return boto3.client("dynamodb", config=CONFIG)


def sqs() -> "SQSClient":
    """Return a client of the queues; safe to share between threads."""
    return boto3.client("sqs", config=CONFIG)


@contextmanager
def unavailable_as_error(operation: str) -> Iterator[None]:
    """Turn any failure of an AWS call into `Unavailable`, and let a refused condition through."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        if code == "ConditionalCheckFailedException":
            raise
        raise Unavailable(operation, code) from error
    except BotoCoreError as error:
        raise Unavailable(operation, type(error).__name__) from error
