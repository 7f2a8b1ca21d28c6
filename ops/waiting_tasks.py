"""Tasks that wait for their first attempt, found in the table."""

from datetime import datetime
from typing import TYPE_CHECKING

from ops.records import plain
from taskguard.clock import to_text
from taskguard.record import Status

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def untried_since(client: "DynamoDBClient", table: str, moment: datetime) -> list[str]:
    """Return the ids of tasks that are QUEUED without any attempt since before a moment, oldest first.

    Reads the whole table: only its records know, and this is done by hand.
    """
    pages = client.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression=(
            "#status = :queued AND updatedAt < :moment "
            "AND (attribute_not_exists(attempts) OR size(attempts) = :none)"
        ),
        ProjectionExpression="taskId, updatedAt",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={
            ":queued": {"S": Status.QUEUED},
            ":moment": {"S": to_text(moment)},
            ":none": {"N": "0"},
        },
    )
    found = [plain(item) for page in pages for item in page["Items"]]
    return [record["taskId"] for record in sorted(found, key=lambda record: str(record["updatedAt"]))]
