from datetime import datetime

import pytest

from ops.errors import OpsError, UsageError
from ops.many import NotDoneError
from ops.redrive import checked_reason, discarder_for, record_ttl_days, sender_for
from taskguard.model.errors import AwsRefused
from tests.ops.moto_stack import MotoStack
from tests.ops.sample_records import dead_letter, record
from tests.support.aws_calls import failing


def test_a_dead_letter_is_sent_as_its_next_generation_and_then_marked(stack: MotoStack) -> None:
    stack.put(dead_letter("t"))
    sender_for(stack.aws).redrive("t")
    (message,) = stack.messages()
    assert message | {"sentAt": 0} == {"taskId": "t", "payload": {"n": 1}, "generation": 2, "sentAt": 0}
    after = stack.get("t")
    assert (after["status"], after["generation"], len(after["attempts"])) == ("QUEUED", 2, 3)
    assert "deadLetteredAt" not in after


@pytest.mark.parametrize(
    ("task_id", "reason"),
    [
        ("done", "it is COMPLETED, not DEAD_LETTERED"),
        ("waiting", "it is QUEUED, not DEAD_LETTERED"),
        ("nowhere", "no such task"),
        ("unreadable:m-1", "its message is no task"),
    ],
)
def test_what_is_no_dead_letter_is_refused_and_nothing_is_sent(
    stack: MotoStack, task_id: str, reason: str
) -> None:
    stack.put(record("done", "COMPLETED", "COMPLETED"))
    stack.put(record("waiting", "QUEUED"))
    stack.put(dead_letter("unreadable:m-1"))
    with pytest.raises(NotDoneError, match=reason):
        sender_for(stack.aws).redrive(task_id)
    assert stack.messages() == []


def test_a_redrive_that_cannot_send_does_not_mark(stack: MotoStack) -> None:
    stack.put(dead_letter("t"))
    with failing("SendMessage", "AccessDenied"), pytest.raises(AwsRefused, match="AccessDenied"):
        sender_for(stack.aws).redrive("t")
    assert stack.get("t")["status"] == "DEAD_LETTERED"


def test_a_discarded_dead_letter_is_cancelled_with_its_reason_and_leaves_the_index(stack: MotoStack) -> None:
    stack.deploy_functions()
    stack.put(dead_letter("t"))
    discarder_for(stack.aws, "sold out").discard("t")
    after = stack.get("t")
    assert (after["status"], after["cancelReason"], len(after["attempts"])) == ("CANCELLED", "sold out", 3)
    assert "deadLetteredAt" not in after
    assert stack.messages() == []


def test_a_discarded_task_is_kept_as_long_as_the_stack_keeps_what_has_ended(stack: MotoStack) -> None:
    stack.deploy_functions()
    stack.put(dead_letter("t"))
    discarder_for(stack.aws, "sold out").discard("t")
    after = stack.get("t")
    kept = after["expiresAt"] - datetime.fromisoformat(after["cancelledAt"]).timestamp()
    assert kept == pytest.approx(30 * 24 * 3600, abs=1)


def test_what_was_no_task_can_be_discarded(stack: MotoStack) -> None:
    stack.deploy_functions()
    stack.put(dead_letter("unreadable:m-1"))
    discarder_for(stack.aws, "a test of the shop's").discard("unreadable:m-1")
    assert stack.get("unreadable:m-1")["status"] == "CANCELLED"


def test_a_task_that_was_redriven_is_not_discarded(stack: MotoStack) -> None:
    stack.deploy_functions()
    stack.put(record("t", "QUEUED", "FAILED", generation=2))
    with pytest.raises(NotDoneError, match="it is QUEUED, not DEAD_LETTERED"):
        discarder_for(stack.aws, "x").discard("t")
    assert stack.get("t")["status"] == "QUEUED"


def test_a_function_that_does_not_say_how_long_is_named(stack: MotoStack) -> None:
    stack.deploy_functions()
    with pytest.raises(OpsError, match=r"taskguard-test-monitor-dlq does not tell.*no RECORD_TTL_DAYS"):
        record_ttl_days(stack.aws.lambda_, stack.outputs.function_names["monitor_dlq"])


@pytest.mark.parametrize("text", ["", "  ", "é" * 501])
def test_a_reason_must_say_something_and_fit_into_the_record(text: str) -> None:
    with pytest.raises(UsageError, match="--reason"):
        checked_reason(text)
    assert checked_reason(" é ") == "é"
