"""Calls to AWS as tests need them: some fail, some are recorded, and all find the table of task records."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TASKS_TABLE: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "taskId", "KeyType": "HASH"}],
    "AttributeDefinitions": [
        {"AttributeName": "taskId", "AttributeType": "S"},
        {"AttributeName": "indexShard", "AttributeType": "S"},
        {"AttributeName": "deadLetteredAt", "AttributeType": "S"},
        {"AttributeName": "dueAt", "AttributeType": "N"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "deadLetters",
            "KeySchema": [
                {"AttributeName": "indexShard", "KeyType": "HASH"},
                {"AttributeName": "deadLetteredAt", "KeyType": "RANGE"},
            ],
            "Projection": {
                "ProjectionType": "INCLUDE",
                "NonKeyAttributes": ["createdAt", "generation", "lastError", "status"],
            },
        },
        {
            "IndexName": "due",
            "KeySchema": [
                {"AttributeName": "indexShard", "KeyType": "HASH"},
                {"AttributeName": "dueAt", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
"""What `CreateTable` takes besides a name. `tests/infra/test_table.py` compares it with the program's table,
from which it is not made: importing the provider's SDK would take every test of a function some seconds."""


def create_tasks_table(dynamodb: "DynamoDBClient", name: str) -> None:
    """Create the table of task records, with the program's keys and indexes."""
    dynamodb.create_table(TableName=name, **TASKS_TABLE)


@contextmanager
def failing(
    operation: str = "", error: str | BaseException = "InternalError", *, times: int | None = None
) -> Iterator[None]:
    """Make calls to AWS fail, whichever client makes them: handlers make clients of their own.

    A call fails after its parameters were checked and instead of its request, so nothing is repeated and
    nothing happens at AWS.

    Parameters
    ----------
    operation
        Which calls, such as `PutItem`; every call if empty.
    error
        The code of AWS's error response, or what is raised in its place.
    times
        How many calls fail before the rest reach AWS; all if None.

    Raises
    ------
    AssertionError
        At the end, if no call failed, or fewer than `times`: the test has not seen what it is about.
    """
    sdk: Any = BaseClient
    real = sdk._make_request
    turns = count() if times is None else iter(range(times))
    failed: list[str] = []

    def request(client: BaseClient, model: Any, *arguments: Any) -> Any:
        if operation not in {"", model.name} or next(turns, None) is None:
            return real(client, model, *arguments)
        failed.append(model.name)
        if isinstance(error, BaseException):
            raise error
        answer = AWSResponse("", HTTPStatus.INTERNAL_SERVER_ERROR, HTTPHeaders(), None)
        return answer, {"Error": {"Code": error, "Message": "made to fail by a test"}}

    with patch.object(sdk, "_make_request", request):
        yield
    assert len(failed) >= (times or 1), f"calls of {operation or 'AWS'} that failed: {len(failed)}"


@contextmanager
def recorded(operation: str, parameter: str) -> Iterator[list[Any]]:
    """Yield a list that grows by the value of a parameter with each call of an operation, failed or not."""
    sdk: Any = BaseClient
    real = sdk._make_api_call
    values: list[Any] = []

    def call(client: BaseClient, name: str, parameters: dict[str, Any]) -> Any:
        if name == operation:
            values.append(parameters[parameter])
        return real(client, name, parameters)

    with patch.object(sdk, "_make_api_call", call):
        yield values
