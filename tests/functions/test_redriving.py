import pytest

from taskguard.model.errors import AwsRefused
from taskguard.model.record import Status
from tests.support.aws_calls import failing
from tests.support.aws_in_process import System
from tests.support.events import sqs_record

LETTER = {"taskId": "a", "payload": 1, "generation": 1}


def test_a_redriven_task_is_queued_as_the_next_generation_and_done(system: System) -> None:
    system.watch(sqs_record(LETTER))
    assert system.redriver.redrive(system.record("a"))
    record = system.record("a")
    assert (record.status, record.generation) == (Status.QUEUED, 2)
    assert system.process(*system.receive()) == []
    assert system.record("a").status is Status.COMPLETED


def test_the_message_goes_before_the_mark_so_that_an_interruption_loses_nothing(system: System) -> None:
    system.watch(sqs_record(LETTER))
    dead = system.record("a")
    with failing("UpdateItem", KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        system.redriver.redrive(dead)
    assert system.process(*system.receive()) == []
    record = system.record("a")
    assert (record.status, record.generation) == (Status.COMPLETED, 2)


def test_two_redrives_at_once_do_the_task_once(system: System) -> None:
    system.watch(sqs_record(LETTER))
    dead = system.record("a")
    assert system.redriver.redrive(dead)
    assert system.redriver.redrive(dead)
    first, second = system.receive()
    assert system.process(first) == system.process(second) == []
    assert len(system.record("a").attempts) == 1


def test_a_task_that_is_no_dead_letter_is_not_redriven(system: System) -> None:
    system.submit({"taskId": "a", "payload": 1})
    assert not system.redriver.redrive(system.record("a"))
    assert len(system.receive()) == 1


def test_a_discarded_dead_letter_has_ended_with_its_reason(system: System) -> None:
    system.watch(sqs_record(LETTER))
    dead = system.record("a")
    assert system.redriver.discard(dead, "a duplicate of b")
    record = system.record("a")
    assert (record.status, record.cancel_reason) == (Status.CANCELLED, "a duplicate of b")
    assert system.redriver.discard(dead, "again"), "repeating is safe"
    assert system.record("a").cancel_reason == "a duplicate of b"
    assert not system.redriver.redrive(dead)
    assert system.process(*system.receive()) == [], "the message of the refused redrive"
    assert system.record("a").status is Status.CANCELLED


def test_only_a_dead_letter_is_discarded(system: System) -> None:
    system.submit({"taskId": "a", "payload": 1})
    assert not system.redriver.discard(system.record("a"), "why")
    assert system.record("a").status is Status.QUEUED


def test_a_redrive_that_cannot_send_leaves_the_dead_letter(system: System) -> None:
    system.watch(sqs_record(LETTER))
    dead = system.record("a")
    system.sqs.delete_queue(QueueUrl=system.queue_url)
    with pytest.raises(AwsRefused):
        system.redriver.redrive(dead)
    assert system.record("a").status is Status.DEAD_LETTERED
