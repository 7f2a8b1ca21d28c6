"""Mutations of code: the order of steps, answers to SQS, and answers to the client."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from taskguard.bury import Burial
from taskguard.edge.sqs import BatchResponse, Consumer
from taskguard.model.errors import Unavailable, UnreadableMessage
from taskguard.model.json_text import Json
from taskguard.model.message import Delivery, Done, Message, Verdict
from taskguard.model.record import Attempt, Status, TaskRecord
from taskguard.process import Processor
from taskguard.redrive import Redriver
from taskguard.storage import transitions
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import Refused, TaskStore
from taskguard.storage.transitions import Transition
from taskguard.submit import Submitted, Submitter
from tests.proofs.simulation.mutations.mutation import Mutation, Patch


def _method(owner: type, name: str, mutant: Callable[..., Any]) -> Patch:
    return lambda: patch.object(owner, name, mutant)


class _IgnoresFailedSends(TaskQueue):
    """Ignores that a send failed."""

    def send(self, message: Message) -> None:
        with suppress(Unavailable):
            super().send(message)


_submit, _create = Submitter.submit, Submitter._create
_process, _completed = Processor.process, Processor._completed
_respond, _bury, _claim = Consumer._respond, Burial.bury, TaskStore.claim
_claiming = transitions.claim


def _submit_ignoring_failed_sends(self: Submitter, *arguments: Any) -> Submitted:
    return _submit(replace(self, queue=_IgnoresFailedSends(self.queue.client, self.queue.url)), *arguments)


def _create_without_sending_again(self: Submitter, record: TaskRecord) -> Submitted:
    submitted = _create(self, record)
    if submitted.created:
        return submitted
    return Submitted(replace(submitted.record, status=Status.PROCESSING), created=False)


def _mark_before_send(self: Redriver, record: TaskRecord) -> bool:
    if record.status is not Status.DEAD_LETTERED:
        return False
    with suppress(Refused):
        self.store.redrive(record, self.clock())
    self.queue.send(Message(record.task_id, record.payload, record.generation + 1))
    return True


def _report_no_failure(self: Consumer, deliveries: list[Delivery]) -> BatchResponse:
    _respond(self, deliveries)
    return {"batchItemFailures": []}


def _report_all_if_any_failed(self: Consumer, deliveries: list[Delivery]) -> BatchResponse:
    if not _respond(self, deliveries)["batchItemFailures"]:
        return {"batchItemFailures": []}
    return {"batchItemFailures": [{"itemIdentifier": each.message_id} for each in deliveries]}


def _raise_if_any_failed(self: Consumer, deliveries: list[Delivery]) -> BatchResponse:
    response = _respond(self, deliveries)
    if response["batchItemFailures"]:
        raise RuntimeError("some messages failed")
    return response


def _dropped(*_: Any) -> Verdict:
    return Done()


def _never(*_: Any) -> bool:
    return False


def _dropped_if_unavailable(self: Processor, delivery: Delivery) -> Verdict:
    try:
        return _process(self, delivery)
    except Unavailable:
        return Done()


def _dropped_if_unreadable(self: Processor, delivery: Delivery) -> Verdict:
    try:
        Message.parse(delivery.body)
    except UnreadableMessage:
        return Done()
    return _process(self, delivery)


def _dropped_if_lost(self: Processor, record: TaskRecord, result: Json) -> Verdict:
    try:
        return _completed(self, record, result)
    except Refused:
        return Done()


def _bury_and_drop(self: Burial, delivery: Delivery) -> Verdict:
    with suppress(Unavailable):
        _bury(self, delivery)
    return Done()


def _claim_without_recognition(self: TaskStore, *arguments: Any) -> TaskRecord:
    message, attempt, token, lease_until, sent_at = arguments
    return self._apply(message.task_id, _claiming(message, attempt, token, lease_until, sent_at))


def _claim_without_lease(self: TaskStore, message: Message, attempt: Attempt, *rest: Any) -> TaskRecord:
    token, _lease_until, sent_at = rest
    return _claim(self, message, attempt, token, attempt.started_at, sent_at)


def _claim_without_history(*arguments: Any) -> Transition:
    transition = _claiming(*arguments)
    return replace(transition, assign={**transition.assign, "attempts": ":attempt"})


MUTATIONS = (
    Mutation(
        "submit: 202 though the send failed",
        "success",
        _method(Submitter, "submit", _submit_ignoring_failed_sends),
    ),
    Mutation(
        "submit: a repeat does not send again",
        "success",
        _method(Submitter, "_create", _create_without_sending_again),
    ),
    Mutation(
        "redrive: marks before it sends",
        "operator's redrive until it works",
        _method(Redriver, "redrive", _mark_before_send),
    ),
    Mutation(
        "batch: no failure is reported",
        "failure, then success",
        _method(Consumer, "_respond", _report_no_failure),
    ),
    Mutation(
        "batch: one failure sends all back",
        "a batch of ten with one poison message",
        _method(Consumer, "_respond", _report_all_if_any_failed),
    ),
    Mutation(
        "batch: a failure is raised",
        "a batch of ten with one poison message",
        _method(Consumer, "_respond", _raise_if_any_failed),
    ),
    Mutation(
        "claim: an answer lost and repeated is not recognised",
        "success",
        _method(TaskStore, "claim", _claim_without_recognition),
    ),
    Mutation(
        "claim: the lease ends at once",
        "delivered twice at once",
        _method(TaskStore, "claim", _claim_without_lease),
    ),
    Mutation(
        "claim: a new attempt replaces the last",
        "failure, then success",
        lambda: patch.object(transitions, "claim", _claim_without_history),
    ),
    Mutation(
        "process: a task is claimed when the invocation's time is over",
        "a worker outlives its lease before a neighbour",
        _method(Processor, "_is_late", _never),
    ),
    Mutation(
        "process: a message is dropped when AWS fails",
        "success",
        _method(Processor, "process", _dropped_if_unavailable),
    ),
    Mutation(
        "process: an unreadable message is dropped",
        "a body that is no JSON",
        _method(Processor, "process", _dropped_if_unreadable),
    ),
    Mutation(
        "process: a message is dropped while another tries its task",
        "delivered twice at once",
        _method(Processor, "_not_claimed", _dropped),
    ),
    Mutation(
        "process: a message is dropped when the lease was lost",
        "a worker outlives its lease beside another",
        _method(Processor, "_completed", _dropped_if_lost),
    ),
    Mutation(
        "process: nothing is sent when giving up",
        "permanent failure",
        _method(Processor, "_give_up", _dropped),
    ),
    Mutation(
        "monitor: a message goes though nothing was recorded",
        "a dead letter without record",
        _method(Burial, "bury", _bury_and_drop),
    ),
    Mutation(
        "monitor: the message of a running task goes",
        "a dead letter of a running task",
        _method(Burial, "_not_buried", _dropped),
    ),
    Mutation(
        "monitor: no log line", "a dead letter without record", _method(Burial, "_report_dead", _dropped)
    ),
)
