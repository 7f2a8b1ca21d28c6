"""One conditional write, as DynamoDB takes it, and what several of them share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from taskguard.model import json_text
from taskguard.model.clock import to_text
from taskguard.model.message import Message
from taskguard.storage.items import shard_of, to_values

WAITING_ATTRIBUTES: Final = ("notBefore", "dueAt")
LEASE_ATTRIBUTES: Final = ("leaseToken", "leaseUntil")


@dataclass(frozen=True, slots=True)
class Transition:
    """One conditional update of one record, as DynamoDB's expressions.

    Parameters
    ----------
    assign
        `SET` actions, an attribute path and its expression.
    remove
        Attributes that the new state does not have.
    values
        Plain values of the placeholders in condition and actions.
    reserved
        Attributes besides `status` that stand in `assign` as `#name`, because DynamoDB reserves the word.
    names_status
        Whether an expression speaks of the state; DynamoDB refuses a placeholder that is not used.
    """

    condition: str
    assign: Mapping[str, str]
    values: Mapping[str, Any]
    remove: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()
    names_status: bool = True

    def request(self) -> dict[str, Any]:
        """Return the members of UpdateItem that describe the change."""
        update = "SET " + ", ".join(f"{path} = {value}" for path, value in self.assign.items())
        if self.remove:
            update += " REMOVE " + ", ".join(self.remove)
        names = (("status",) if self.names_status else ()) + self.reserved
        return {
            "UpdateExpression": update,
            "ConditionExpression": self.condition,
            **({"ExpressionAttributeNames": {f"#{name}": name for name in names}} if names else {}),
            "ExpressionAttributeValues": to_values(self.values),
        }


_FROM_MESSAGE: Final = {
    "generation": ":generation",
    "payload": "if_not_exists(payload, :payload)",
    "payloadHash": "if_not_exists(payloadHash, :hash)",
    "createdAt": "if_not_exists(createdAt, :at)",
    "updatedAt": ":at",
    "indexShard": "if_not_exists(indexShard, :shard)",
}


def from_message(message: Message) -> dict[str, str]:
    """Return what a message tells of a task that has no record yet."""
    return _FROM_MESSAGE | ({"kind": "if_not_exists(kind, :kind)"} if message.kind else {})


def message_values(message: Message, now: datetime) -> dict[str, Any]:
    """Return the values of the placeholders in `from_message`."""
    return {
        ":generation": message.generation,
        ":payload": json_text.compact(message.payload),
        ":kind": message.kind,
        ":hash": json_text.digest(message.payload),
        ":shard": shard_of(message.task_id),
        ":at": to_text(now),
    }
