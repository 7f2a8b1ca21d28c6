"""The tasks table: one conditional write for every change of state (see `transitions`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from taskguard.model.json_text import Json
from taskguard.model.message import Message
from taskguard.model.record import Attempt, Failure, Status, TaskRecord
from taskguard.storage import transitions
from taskguard.storage.aws import unavailable_as_error
from taskguard.storage.items import new_item, to_record
from taskguard.storage.transitions import Transition

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Refused(Exception):
    """A write whose condition did not hold; `record` is what the table holds instead (None: nothing)."""

    def __init__(self, record: TaskRecord | None) -> None:
        super().__init__("the condition did not hold")
        self.record = record


@dataclass(frozen=True)
class TaskStore:
    """Reads and writes task records.

    Every method raises `Unavailable` if the table cannot be reached or refuses for any reason other
    than the condition; whether the write took effect is then unknown. Repeating a write is safe: a write
    of one's own that already took effect is recognised and answered as success.

    Parameters
    ----------
    record_ttl_days
        How long a settled record is kept before DynamoDB's TTL may delete it; needed only to settle tasks.
    """

    client: "DynamoDBClient"
    table: str
    record_ttl_days: int | None = None

    def get(self, task_id: str) -> TaskRecord | None:
        """Return the record, read with strong consistency, or None."""
        with unavailable_as_error("GetItem"):
            answer = self.client.get_item(
                TableName=self.table, Key={"taskId": {"S": task_id}}, ConsistentRead=True
            )
        return to_record(answer["Item"]) if "Item" in answer else None

    def create(self, record: TaskRecord) -> None:
        """Write a new record; raises `Refused` with the present one if the id is taken."""
        try:
            with unavailable_as_error("PutItem"):
                self.client.put_item(
                    TableName=self.table,
                    Item=new_item(record),
                    ConditionExpression=transitions.NO_RECORD,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            present = _present(error)
            if not present or not record.submitted_by or present.submitted_by != record.submitted_by:
                raise Refused(present) from error

    def claim(
        self, message: Message, attempt: Attempt, token: str, lease_until: datetime, sent_at: datetime
    ) -> TaskRecord:
        """Take the task for one attempt; raises `Refused` if it cannot be claimed.

        `sent_at` is when the message was sent: a dead letter is only claimed by one sent after its burial.
        """
        try:
            transition = transitions.claim(message, attempt, token, lease_until, sent_at)
            return self._apply(message.task_id, transition)
        except Refused as refused:
            if refused.record and refused.record.lease_token == token:
                return refused.record
            raise

    def complete(self, record: TaskRecord, result: Json, now: datetime) -> TaskRecord:
        """Keep the result of my attempt; raises `Refused` if the attempt is no longer mine."""
        return self._report(
            record, transitions.complete(record, result, now, self._expiry(now)), Status.COMPLETED
        )

    def fail(
        self,
        record: TaskRecord,
        failure: Failure,
        now: datetime,
        next_at: datetime | None = None,
        *,
        permanent: bool = False,
    ) -> TaskRecord:
        """Keep the error of my attempt; raises `Refused` if the attempt is no longer mine."""
        transition = transitions.fail(record, failure, now, next_at, permanent=permanent)
        return self._report(record, transition, Status.RETRYING)

    def bury(self, message: Message, failure: Failure, now: datetime) -> TaskRecord:
        """Put the task aside; raises `Refused` if it is completed, running or of a newer generation."""
        return self._apply(message.task_id, transitions.bury(message, failure, now, self._expiry(now)))

    def redrive(self, record: TaskRecord, now: datetime) -> TaskRecord:
        """Mark a dead letter as queued again; raises `Refused` if it is no longer that dead letter."""
        return self._apply(record.task_id, transitions.redrive(record, now))

    def _expiry(self, now: datetime) -> datetime:
        if self.record_ttl_days is None:
            raise ValueError("this store settles no tasks: it was made without record_ttl_days")
        return now + timedelta(days=self.record_ttl_days)

    def _report(self, record: TaskRecord, transition: Transition, reached: Status) -> TaskRecord:
        try:
            return self._apply(record.task_id, transition)
        except Refused as refused:
            present = refused.record
            if present and present.status is reached and present.lease_token == record.lease_token:
                return present
            raise

    def _apply(self, task_id: str, transition: Transition) -> TaskRecord:
        try:
            with unavailable_as_error("UpdateItem"):
                answer = self.client.update_item(
                    TableName=self.table,
                    Key={"taskId": {"S": task_id}},
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **transition.request(),
                )
        except ClientError as error:
            raise Refused(_present(error)) from error
        return to_record(answer["Attributes"])


def _present(error: ClientError) -> TaskRecord | None:
    item = cast("dict[str, Any]", error.response).get("Item")
    return to_record(item) if item else None
