"""Every transition is a request that DynamoDB accepts: it refuses placeholders undeclared or unused."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from taskguard.model.message import Message
from taskguard.model.record import Attempt, Failure, Outcome, Status, TaskRecord
from taskguard.storage import attempts, transitions
from taskguard.storage.attempts import Claim, Wait
from taskguard.storage.transition import Transition
from taskguard.storage.transitions import DeadLetter

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ATTEMPT = Attempt(1, 1, NOW, "request")
RECORD = TaskRecord("a", Status.PROCESSING, 1, None, "hash", NOW, NOW, (ATTEMPT,), lease_token="token")
POSTPONED = replace(RECORD, attempts=(replace(ATTEMPT, outcome=Outcome.POSTPONED), ATTEMPT))
WAITING = replace(RECORD, status=Status.RETRYING, due_at=NOW, sent_at=NOW)
FAILURE = Failure("ValueError", "why")
MESSAGE = Message("a", None)
CLAIM = Claim(MESSAGE, ATTEMPT, "token", NOW, NOW, max_attempts=3)
LETTER = DeadLetter(MESSAGE, FAILURE, NOW)


@pytest.mark.parametrize(
    "transition",
    {
        "claim": attempts.claim(CLAIM),
        "claim-by-newer": attempts.claim_by_newer(CLAIM),
        "shorten": attempts.shorten(RECORD, NOW),
        "complete": attempts.complete(RECORD, None, NOW, NOW),
        "fail": attempts.fail(RECORD, FAILURE, NOW, Wait(NOW)),
        "fail-sent": attempts.fail(RECORD, FAILURE, NOW, Wait(NOW, sent_at=NOW)),
        "fail-for-good": attempts.fail(RECORD, FAILURE, NOW, None),
        "postpone": attempts.postpone(RECORD, FAILURE, NOW, Wait(NOW, due_at=NOW)),
        "postpone-again": attempts.postpone(POSTPONED, FAILURE, NOW, Wait(NOW, sent_at=NOW)),
        "exhaust": attempts.exhaust(RECORD, FAILURE, NOW, 3),
        "bury": transitions.bury(LETTER, NOW, NOW),
        "bury-without-history": transitions.bury(LETTER, NOW, NOW, with_history=False),
        "wake": transitions.wake(WAITING, NOW),
        "rescue": transitions.rescue(WAITING, NOW),
        "rescue-an-old-record": transitions.rescue(RECORD, NOW),
        "redrive": transitions.redrive(RECORD, NOW),
        "cancel": transitions.cancel(RECORD, "reason", NOW, NOW),
    }.items(),
    ids=lambda case: case[0],
)
def test_a_transition_declares_the_placeholders_that_it_uses_and_no_other(
    transition: tuple[str, Transition],
) -> None:
    request = transition[1].request()
    text = f"{request['UpdateExpression']} {request['ConditionExpression']}"
    assert set(re.findall(r":\w+", text)) == set(request["ExpressionAttributeValues"])
    assert set(re.findall(r"#\w+", text)) == set(request.get("ExpressionAttributeNames", {}))
