"""Every transition is a request that DynamoDB accepts: it refuses placeholders undeclared or unused."""

import re
from datetime import UTC, datetime

import pytest

from taskguard.model.message import Message
from taskguard.model.record import Attempt, Failure, Status, TaskRecord
from taskguard.storage import transitions
from taskguard.storage.transitions import Transition

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ATTEMPT = Attempt(1, 1, NOW, "request")
RECORD = TaskRecord("a", Status.PROCESSING, 1, None, "hash", NOW, NOW, (ATTEMPT,), lease_token="token")
FAILURE = Failure("ValueError", "why")
MESSAGE = Message("a", None)


@pytest.mark.parametrize(
    "transition",
    [
        transitions.claim(MESSAGE, ATTEMPT, "token", NOW, NOW),
        transitions.complete(RECORD, None, NOW, NOW),
        transitions.fail(RECORD, FAILURE, NOW, NOW, permanent=False),
        transitions.fail(RECORD, FAILURE, NOW, None, permanent=True),
        transitions.bury(MESSAGE, FAILURE, NOW, NOW),
        transitions.redrive(RECORD, NOW),
    ],
    ids=["claim", "complete", "fail", "fail-permanently", "bury", "redrive"],
)
def test_a_transition_declares_the_placeholders_that_it_uses_and_no_other(transition: Transition) -> None:
    request = transition.request()
    text = f"{request['UpdateExpression']} {request['ConditionExpression']}"
    assert set(re.findall(r":\w+", text)) == set(request["ExpressionAttributeValues"])
    assert set(re.findall(r"#\w+", text)) == set(request["ExpressionAttributeNames"])
