"""Tables and queues as moto holds them: looked at after every body, where AWS calls would take minutes."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import LimitedSizeDict
from moto.sqs.models import sqs_backends

from tests.support.events import sqs_record

REGION = "us-east-1"


@dataclass(frozen=True)
class MotoMemory:
    """One table and some queues."""

    table: str

    def records(self) -> dict[str, dict[str, Any]]:
        """Return the table's items, as attribute values, by task id."""
        return {item.hash_key.value: item.to_json()["Attributes"] for item in self._table().all_items()}

    def messages(self, queue: str) -> list[dict[str, Any]]:
        """Return a queue's messages, visible or not, as Lambda would hand over their first delivery."""
        return [_first_delivery(message) for message in self._queue(queue)._messages]

    def clear_table(self) -> None:
        """Remove every record."""
        self._table().items.clear()

    def clear_queue(self, name: str) -> None:
        """Remove every message of a queue."""
        self._queue(name)._messages.clear()

    def _table(self) -> Any:
        return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[self.table]

    def _queue(self, name: str) -> Any:
        return sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues[name]


def _first_delivery(message: Any) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": str(int(message.sent_timestamp))}
    return sqs_record(message.body, messageId=message.id, receiptHandle="unused", attributes=attributes)


def true_item_sizes() -> AbstractContextManager[Any]:
    """Let moto measure the item that an update results in, as DynamoDB does.

    Of an attribute that is replaced it counts the old value as well, and refuses large payloads.
    """
    checked = LimitedSizeDict.__setitem__

    def replace(self: LimitedSizeDict, key: str, value: Any) -> None:
        self.pop(key, None)
        checked(self, key, value)

    return patch.object(LimitedSizeDict, "__setitem__", replace)
