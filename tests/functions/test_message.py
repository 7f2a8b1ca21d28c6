import json
from datetime import UTC, datetime
from typing import Any

import pytest

from taskguard.model.errors import UnreadableMessage
from taskguard.model.message import MAX_PAYLOAD_BYTES, Message

SENT = Message("a", 1, sent_at=datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC))


def test_a_message_comes_back_equal_from_its_body() -> None:
    for message in (Message("a", {"x": ["é", 1.5, None]}, 3), Message("a", 1, dead_letter=True), SENT):
        assert Message.parse(message.body()) == message


def test_a_direct_producer_may_leave_the_generation_out() -> None:
    assert Message.parse('{"taskId":"a","payload":1}') == Message("a", 1, 1)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ({"payload": 1}, "taskId"),
        ({"taskId": "a b", "payload": 1}, "taskId"),
        ({"taskId": "a"}, "payload is missing"),
        ({"taskId": "a", "payload": "x" * MAX_PAYLOAD_BYTES}, "payload is over"),
        ({"taskId": "a", "payload": 1, "generation": 0}, "generation"),
        ({"taskId": "a", "payload": 1, "generation": True}, "generation"),
        ({"taskId": "a", "payload": 1, "generation": "1"}, "generation"),
        ({"taskId": "a", "payload": 1, "deadLetter": 1}, "deadLetter"),
        ({"taskId": "a", "payload": 1, "sentAt": "now"}, "sentAt"),
        ({"taskId": "a", "payload": 1, "sentAt": 10**18}, "sentAt"),
        ({"taskId": "a", "payload": 1, "sentAt": True}, "sentAt"),
    ],
)
def test_a_body_that_is_no_task_is_unreadable_with_its_reason(body: Any, reason: str) -> None:
    with pytest.raises(UnreadableMessage, match=reason):
        Message.parse(body if isinstance(body, str) else json.dumps(body))
