"""Messages as the product reads them."""

from functools import lru_cache

from taskguard.model.errors import UnreadableMessage
from taskguard.model.message import Message


@lru_cache(maxsize=4096)
def message_of(message_id: str, body: str) -> Message:
    """Return the task's message; a body that is no task goes by the id that the monitor gives it."""
    try:
        return Message.parse(body)
    except UnreadableMessage:
        return Message(f"unreadable:{message_id}", body)
