"""The tasks table: one conditional write for every change of state (see `transitions`)."""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from taskguard.model.errors import AwsRefused
from taskguard.model.json_text import Json
from taskguard.model.record import Failure, Status, TaskRecord
from taskguard.storage import attempts, conditions, transitions
from taskguard.storage.attempts import Claim, Wait
from taskguard.storage.aws import aws_errors
from taskguard.storage.items import new_item, to_record
from taskguard.storage.transition import Transition
from taskguard.storage.transitions import DeadLetter

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

    Every method raises `Unavailable` if the table cannot be reached, and `AwsRefused` if it refuses for any
    reason other than the condition; whether the write took effect is then unknown. Repeating a write is
    safe: a write of one's own that already took effect is recognised and answered as success.

    Parameters
    ----------
    ttl_days
        How long a record is kept, once this store has settled it, before DynamoDB's TTL may delete it;
        needed only to settle tasks.
    """

    client: "DynamoDBClient"
    table: str
    ttl_days: int | None = None

    def get(self, task_id: str) -> TaskRecord | None:
        """Return the record, read with strong consistency, or None."""
        with aws_errors("GetItem"):
            answer = self.client.get_item(
                TableName=self.table, Key={"taskId": {"S": task_id}}, ConsistentRead=True
            )
        return to_record(answer["Item"]) if "Item" in answer else None

    def create(self, record: TaskRecord) -> None:
        """Write a new record; raises `Refused` with the present one if the id is taken."""
        try:
            with aws_errors("PutItem"):
                self.client.put_item(
                    TableName=self.table,
                    Item=new_item(record),
                    ConditionExpression=conditions.NO_RECORD,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            present = _present(error)
            if not present or not record.submit_id or present.submit_id != record.submit_id:
                raise Refused(present) from error

    def claim(self, claimed: Claim) -> TaskRecord:
        """Take the task for one attempt; raises `Refused` if it cannot be claimed.

        A message of a newer generation than the record's needs another form of the write, since one
        expression cannot both add to a counter and start it anew.
        """
        try:
            return self._claim(claimed.message.task_id, attempts.claim(claimed), claimed.token)
        except Refused as refused:
            if refused.record is None or refused.record.generation >= claimed.message.generation:
                raise
        return self._claim(claimed.message.task_id, attempts.claim_by_newer(claimed), claimed.token)

    def shorten(self, record: TaskRecord, now: datetime) -> None:
        """Make room in a full history; leaves it alone if it is no longer the one that was seen."""
        with contextlib.suppress(Refused):
            self._apply(record.task_id, attempts.shorten(record, now))

    def complete(self, record: TaskRecord, result: Json, now: datetime) -> TaskRecord:
        """Keep the result of my attempt; raises `Refused` if the attempt is no longer mine."""
        return self._report(
            record, attempts.complete(record, result, now, self._expiry(now)), Status.COMPLETED
        )

    def fail(
        self, record: TaskRecord, failure: Failure, now: datetime, wait: Wait | None = None
    ) -> TaskRecord:
        """Keep the error of my attempt, and how long the task waits for its next; None: no other follows.

        Raises `Refused` if the attempt is no longer mine.
        """
        reached = Status.RETRYING if wait else Status.GIVING_UP
        return self._report(record, attempts.fail(record, failure, now, wait), reached)

    def postpone(self, record: TaskRecord, failure: Failure, now: datetime, wait: Wait) -> TaskRecord:
        """Let my attempt not count, and the task wait; raises `Refused` if the attempt is no longer mine."""
        return self._report(record, attempts.postpone(record, failure, now, wait), Status.RETRYING)

    def exhaust(self, record: TaskRecord, failure: Failure, now: datetime, max_attempts: int) -> TaskRecord:
        """Give up a task whose attempts are used up; raises `Refused` if it changed meanwhile."""
        return self._apply(record.task_id, attempts.exhaust(record, failure, now, max_attempts))

    def bury(self, letter: DeadLetter, now: datetime) -> TaskRecord:
        """Put a task aside; raises `Refused` if it has ended, is running, or waits for a fresh message.

        Where the table refuses the record as too large, it is buried without its history.
        """
        task_id, expires = letter.message.task_id, self._expiry(now)
        try:
            return self._apply(task_id, transitions.bury(letter, now, expires))
        except AwsRefused:
            return self._apply(task_id, transitions.bury(letter, now, expires, with_history=False))

    def wake(self, record: TaskRecord, now: datetime) -> TaskRecord:
        """Note the message of a task that was due; raises `Refused` if it was not due as seen."""
        return self._apply(record.task_id, transitions.wake(record, now))

    def rescue(self, record: TaskRecord, now: datetime) -> TaskRecord:
        """Note the new message of a stranded task; raises `Refused` if somebody else sent one."""
        return self._apply(record.task_id, transitions.rescue(record, now))

    def redrive(self, record: TaskRecord, now: datetime) -> TaskRecord:
        """Mark what was given up as queued again; raises `Refused` if it changed meanwhile."""
        return self._apply(record.task_id, transitions.redrive(record, now))

    def cancel(self, record: TaskRecord, reason: str, now: datetime) -> TaskRecord:
        """End a waiting task or a dead letter; raises `Refused` if it is neither any more."""
        return self._apply(record.task_id, transitions.cancel(record, reason, now, self._expiry(now)))

    def _claim(self, task_id: str, transition: Transition, token: str) -> TaskRecord:
        try:
            return self._apply(task_id, transition)
        except Refused as refused:
            present = refused.record
            if present and present.status is Status.PROCESSING and present.lease_token == token:
                return present
            raise

    def _expiry(self, now: datetime) -> datetime:
        if self.ttl_days is None:
            raise ValueError("this store settles no tasks: it was made without ttl_days")
        return now + timedelta(days=self.ttl_days)

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
            with aws_errors("UpdateItem"):
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
