"""What the table tells of many tasks: those that are due, the dead letters, and a scan over all.

Indexes and scans are eventually consistent and show ids, not the truth: whoever acts reads the record.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from taskguard.model.clock import from_text, to_millis, to_text
from taskguard.model.record import Status, TaskRecord
from taskguard.storage.aws import aws_errors
from taskguard.storage.items import SHARDS, to_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DUE_INDEX: Final = "due"
"""Sparse: the tasks that wait in the table, by `indexShard` and `dueAt`."""

DEAD_LETTER_INDEX: Final = "deadLetters"
"""Sparse: the dead letters, by `indexShard` and `deadLetteredAt`."""

SEGMENTS: Final = 4
"""Parts of the table that a scan reads side by side."""

SCAN_ID: Final = "#scan"
"""The item that keeps how far the scan has come; no task's id has this character."""


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """How many dead letters there are, at most the limit that was asked for, and since when the oldest is."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True)
class TaskIndexes:
    """Reads a table's indexes; every method may raise `AwsError`."""

    client: "DynamoDBClient"
    table: str

    def due(self, until: datetime, most: int) -> list[str]:
        """Return the ids of tasks whose time comes by `until`, the earliest first."""
        condition = {
            "KeyConditionExpression": "indexShard = :shard AND dueAt <= :until",
            "ExpressionAttributeValues": {":until": {"N": str(to_millis(until))}},
        }
        shards = [self._query(DUE_INDEX, shard, condition) for shard in SHARDS]
        earliest = merge(*shards, key=lambda item: int(item["dueAt"]["N"]))
        return [item["taskId"]["S"] for item in islice(earliest, most)]

    def earliest_due(self) -> datetime | None:
        """Return the due time of the task that has waited longest in the table; None if none waits there."""
        found = self._first_of_each_shard(DUE_INDEX)
        times = [int(item["dueAt"]["N"]) for item in found]
        return datetime.fromtimestamp(min(times) / 1000, UTC) if times else None

    def dead_letters(self, most: int) -> DeadLetters:
        """Count the dead letters, at most so many in each shard together, and find the oldest."""
        times = [item["deadLetteredAt"]["S"] for item in self._first_of_each_shard(DEAD_LETTER_INDEX)]
        if not times:
            return DeadLetters(0, None)
        with ThreadPoolExecutor(len(SHARDS)) as pool:
            count = sum(pool.map(lambda shard: self._count(shard, most), SHARDS))
        return DeadLetters(min(count, most), from_text(min(times)))

    def list_dead_letters(self, since: datetime | None = None) -> list[TaskRecord]:
        """Return the dead letters, the oldest first, with what the index holds of them.

        Parameters
        ----------
        since
            Leave out what was buried earlier; those are not even read.
        """
        condition: dict[str, Any] = {
            "KeyConditionExpression": "indexShard = :shard",
            "ExpressionAttributeValues": {},
        }
        if since:
            condition["KeyConditionExpression"] += " AND deadLetteredAt >= :since"
            condition["ExpressionAttributeValues"] = {":since": {"S": to_text(since)}}
        with ThreadPoolExecutor(len(SHARDS)) as pool:
            shards = list(
                pool.map(lambda shard: list(self._query(DEAD_LETTER_INDEX, shard, condition)), SHARDS)
            )
        items = merge(*shards, key=lambda item: str(item["deadLetteredAt"]["S"]))
        return [to_record(item) for item in items]

    def _count(self, shard: str, most: int) -> int:
        count = 0
        start: dict[str, Any] = {}
        while count < most:
            with aws_errors("Query"):
                page: Any = self.client.query(
                    TableName=self.table,
                    IndexName=DEAD_LETTER_INDEX,
                    Select="COUNT",
                    KeyConditionExpression="indexShard = :shard",
                    ExpressionAttributeValues={":shard": {"S": shard}},
                    **start,
                )
            count += int(page["Count"])
            if "LastEvaluatedKey" not in page:
                return count
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return count

    def _first_of_each_shard(self, index: str) -> list[dict[str, Any]]:
        condition = {
            "KeyConditionExpression": "indexShard = :shard",
            "ExpressionAttributeValues": {},
            "Limit": 1,
        }
        with ThreadPoolExecutor(len(SHARDS)) as pool:
            found = pool.map(lambda shard: next(self._query(index, shard, condition), None), SHARDS)
            return [item for item in found if item]

    def _query(self, index: str, shard: str, condition: dict[str, Any]) -> Iterator[dict[str, Any]]:
        request = {"TableName": self.table, "IndexName": index, **condition}
        request["ExpressionAttributeValues"] = {
            ":shard": {"S": shard},
            **condition["ExpressionAttributeValues"],
        }
        while True:
            with aws_errors("Query"):
                page: Any = self.client.query(**request)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a scan.

    Parameters
    ----------
    task_ids
        The tasks found on it.
    next_key
        Where the next page begins; None at the end.
    read
        How many records were read for it.
    """

    task_ids: list[str]
    next_key: str | None
    read: int = 0


@dataclass(frozen=True)
class TableScan:
    """Reads a whole table for open tasks, a page at a time; every method may raise `AwsError`."""

    client: "DynamoDBClient"
    table: str

    def page(
        self,
        segment: int,
        start_key: str | None,
        sent_before: datetime | None = None,
        untried_before: datetime | None = None,
    ) -> Page:
        """Return the open tasks of one page that have no due time.

        Parameters
        ----------
        start_key
            Where the page before ended; None for the segment's first.
        sent_before
            Leave out tasks whose message is younger; None takes all.
        untried_before
            Take those all the same that have waited for their first attempt since before this moment.
        """
        request: dict[str, Any] = {"ExclusiveStartKey": {"taskId": {"S": start_key}}} if start_key else {}
        states = {f":{n}": {"S": each.value} for n, each in enumerate(_OPEN)}
        condition = f"#status IN ({', '.join(states)}) AND attribute_not_exists(dueAt)"
        if sent_before:
            wanted = ["attribute_not_exists(sentAt)", "sentAt < :before", "#status = :given_up"]
            states |= {
                ":before": {"N": str(to_millis(sent_before))},
                ":given_up": {"S": Status.GIVING_UP.value},
            }
            if untried_before:
                untried = "(attribute_not_exists(attempts) OR size(attempts) = :none)"
                wanted.append(f"(#status = :untried AND {untried} AND sentAt < :waiting)")
                states |= {
                    ":untried": {"S": Status.QUEUED.value},
                    ":none": {"N": "0"},
                    ":waiting": {"N": str(to_millis(untried_before))},
                }
            condition += f" AND ({' OR '.join(wanted)})"
        with aws_errors("Scan"):
            page: Any = self.client.scan(
                TableName=self.table,
                Segment=segment,
                TotalSegments=SEGMENTS,
                ProjectionExpression="taskId",
                FilterExpression=condition,
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=states,
                **request,
            )
        following = page.get("LastEvaluatedKey")
        return Page(
            [item["taskId"]["S"] for item in page["Items"]],
            following and following["taskId"]["S"],
            int(page["ScannedCount"]),
        )

    def progress(self) -> dict[int, str | None]:
        """Return where each segment of an unfinished scan goes on; None: at its beginning."""
        with aws_errors("GetItem"):
            answer = self.client.get_item(
                TableName=self.table, Key={"taskId": {"S": SCAN_ID}}, ConsistentRead=True
            )
        segments: Any = answer.get("Item", {}).get("segments", {"M": {}})["M"]
        return {int(number): value.get("S") for number, value in segments.items()}

    def keep_progress(self, segments: dict[int, str | None]) -> None:
        """Keep where each segment goes on; a segment that is not named is finished."""
        kept: Any = {str(n): {"S": key} if key else {"NULL": True} for n, key in segments.items()}
        with aws_errors("PutItem"):
            self.client.put_item(
                TableName=self.table, Item={"taskId": {"S": SCAN_ID}, "segments": {"M": kept}}
            )


_OPEN: Final = (Status.QUEUED, Status.RETRYING, Status.PROCESSING, Status.GIVING_UP)
