"""Mutations of code: the order of steps, answers to SQS, and answers to the client."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from taskguard.bury import Burial
from taskguard.edge.sqs import BatchResponse, Consumer
from taskguard.model.errors import AwsError, AwsRefused, Unavailable, UnreadableMessage
from taskguard.model.json_text import Json
from taskguard.model.message import AT_ONCE, ComeBack, Delivery, Done, Message, Verdict
from taskguard.model.record import Status, TaskRecord
from taskguard.process import Processor
from taskguard.redrive import Redriver
from taskguard.rescue import Rescuer
from taskguard.storage import attempts, transitions
from taskguard.storage.attempts import Claim
from taskguard.storage.indexes import TableScan
from taskguard.storage.queue import TaskQueue
from taskguard.storage.store import Refused, TaskStore
from taskguard.storage.transitions import DeadLetter
from taskguard.submit import Submitter
from taskguard.wake import Waker
from tests.proofs.simulation.mutations.mutation import Mutation
from tests.proofs.simulation.mutations.parts import (
    all_careless,
    careless,
    dropped,
    method,
    none_at_all,
    nothing,
    transition,
    without,
)
from tests.proofs.simulation.schedule import Fault, Schedule

_submit, _woken = Submitter.submit, Submitter._woken
_process, _completed, _not_claimed = Processor.process, Processor._completed, Processor._not_claimed
_waiting, _give_up = Processor._waiting, Processor._give_up
_respond, _carry_out, _bury = Consumer._respond, Consumer._carry_out, Burial.bury
_claim, _rescue = TaskStore.claim, Rescuer.rescue


def _submit_ignoring_failed_sends(self: Submitter, *arguments: Any) -> Any:
    return _submit(replace(self, queue=all_careless(self.queue)), *arguments)


def _woken_if_untried(self: Submitter, record: TaskRecord) -> TaskRecord:
    return _woken(self, record) if record.is_untried else record


def _woken_if_tried(self: Submitter, record: TaskRecord) -> TaskRecord:
    return record if record.is_untried else _woken(self, record)


def _redrive_marked_first(self: Redriver, record: TaskRecord) -> bool:
    if record.status is not Status.DEAD_LETTERED:
        return False
    with suppress(Refused):
        self.store.redrive(record, self.clock())
    self.queue.send(Message.of(record, generation=record.generation + 1))
    return True


def _report_no_failure(self: Consumer, *arguments: Any) -> BatchResponse:
    _respond(self, *arguments)
    return {"batchItemFailures": []}


def _report_all_if_any_failed(self: Consumer, handlings: list[Any], most: timedelta) -> BatchResponse:
    if not _respond(self, handlings, most)["batchItemFailures"]:
        return {"batchItemFailures": []}
    return {"batchItemFailures": [{"itemIdentifier": each.delivery.message_id} for each in handlings]}


def _raise_if_any_failed(self: Consumer, *arguments: Any) -> BatchResponse:
    response = _respond(self, *arguments)
    if response["batchItemFailures"]:
        raise RuntimeError("some messages failed")
    return response


def _late_is_fine(self: Processor, delivery: Delivery) -> Verdict:
    return _process(self, replace(delivery, work_until=datetime.max.replace(tzinfo=delivery.deadline.tzinfo)))


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


def _dropped_if_given_up(self: Processor, message: Message, record: TaskRecord | None) -> Verdict:
    if record and record.status is Status.GIVING_UP and not message.dead_letter:
        return Done()
    return _not_claimed(self, message, record)


def _dropped_whatever_is_sent(self: Processor, record: TaskRecord, *rest: Any) -> Verdict:
    return _waiting(replace(self, tasks=all_careless(self.tasks)), record, *rest)


def _given_up_whatever_is_sent(self: Processor, record: TaskRecord) -> Verdict:
    return _give_up(replace(self, dead_letters=careless(self.dead_letters)), record)


def _hidden(_self: Processor, _record: TaskRecord, _wait: Any, left: timedelta) -> Verdict:
    return ComeBack(left)


def _never_exhausted(*_: Any) -> Verdict:
    return AT_ONCE


def _again_if_refused(_self: Processor, _record: TaskRecord, error: AwsRefused) -> Verdict:
    raise error


def _not_cut_off(*_: Any) -> None:
    """Wait for what hangs, as if nothing were known of deadlines."""


def _not_reported(*_: Any) -> Verdict:
    return AT_ONCE


def _not_renewed(self: Consumer, *arguments: Any) -> Verdict:
    return _carry_out(replace(self, renews=False), *arguments)


def _bury_and_drop(self: Burial, delivery: Delivery) -> Verdict:
    with suppress(AwsError):
        _bury(self, delivery)
    return Done()


def _buried_with_history_only(self: TaskStore, letter: DeadLetter, now: datetime) -> TaskRecord:
    return self._apply(letter.message.task_id, transitions.bury(letter, now, self._expiry(now)))


def _claim_without_recognition(self: TaskStore, claimed: Claim) -> TaskRecord:
    return self._apply(claimed.message.task_id, attempts.claim(claimed))


def _claim_without_lease(self: TaskStore, claimed: Claim) -> TaskRecord:
    return _claim(self, replace(claimed, lease_until=claimed.attempt.started_at))


def _wake_marked_first(self: Waker, task_id: str) -> bool:
    record = self.store.get(task_id)
    if record is None or record.due_at is None:
        return False
    now = self.clock()
    with suppress(Refused):
        self.store.wake(record, now)
    self._send(record, now)
    return True


def _rescue_marked_first(self: Rescuer, record: TaskRecord, **_: Any) -> TaskRecord | None:
    if not self.needs_message(record):
        return None
    now = self.clock()
    with suppress(Refused):
        self.store.rescue(record, now)
    self.tasks.send(Message.of(record, sent_at=now))
    return record


def _rescued_if_not_given_up(self: Rescuer, record: TaskRecord, **options: Any) -> TaskRecord | None:
    return None if record.status is Status.GIVING_UP else _rescue(self, record, **options)


def _rescued_if_old(self: Rescuer, record: TaskRecord, **_: Any) -> TaskRecord | None:
    return _rescue(self, record)


def _woken_without_delay(self: Waker, record: TaskRecord, now: datetime) -> None:
    self.tasks.send(Message.of(record, sent_at=now))


MUTATIONS = (
    Mutation(
        "submit: 202 though the send failed",
        "success",
        method(Submitter, "submit", _submit_ignoring_failed_sends),
    ),
    Mutation(
        "submit: a repeat does not send again",
        "success",
        method(Submitter, "_woken", _woken_if_tried),
    ),
    Mutation(
        "submit: a repeat sends nothing for a stranded task",
        "paused, and submitted again",
        method(Submitter, "_woken", _woken_if_untried),
    ),
    Mutation(
        "redrive: marks before it sends",
        "operator's redrive until it works",
        method(Redriver, "redrive", _redrive_marked_first),
    ),
    Mutation(
        "redrive: the new generation has no attempts of its own",
        "operator's redrive after all attempts",
        transition(transitions, "redrive", assign=without("attemptsUsed")),
    ),
    Mutation(
        "redrive: the old wait is kept",
        "operator's redrive until it works",
        transition(transitions, "redrive", remove=lambda _: ("expiresAt",)),
    ),
    Mutation(
        "batch: no failure is reported",
        "failure, then success",
        method(Consumer, "_respond", _report_no_failure),
    ),
    Mutation(
        "batch: one failure sends all back",
        "a batch of ten with one poison message",
        method(Consumer, "_respond", _report_all_if_any_failed),
    ),
    Mutation(
        "batch: a failure is raised",
        "a batch of ten with one poison message",
        method(Consumer, "_respond", _raise_if_any_failed),
    ),
    Mutation(
        "batch: what hangs is not cut off",
        "a batch of ten with one that hangs",
        method(Consumer, "_cut_off", _not_cut_off),
    ),
    Mutation(
        "batch: what is cut off is not reported",
        "always hanging",
        method(Processor, "cut_off", _not_reported),
    ),
    Mutation(
        "batch: what is finished is not deleted when another is cut off",
        "a batch of ten with one that hangs",
        method(TaskQueue, "delete", nothing),
    ),
    Mutation(
        "batch: a message that is gone is not sent anew",
        "a message that expires while it is tried",
        method(Consumer, "_carry_out", _not_renewed),
    ),
    Mutation(
        "claim: an answer lost and repeated is not recognised",
        "success",
        method(TaskStore, "claim", _claim_without_recognition),
    ),
    Mutation(
        "claim: the lease ends at once",
        "delivered twice at once",
        method(TaskStore, "claim", _claim_without_lease),
    ),
    Mutation(
        "claim: a new attempt replaces the last",
        "failure, then success",
        transition(attempts, "claim", assign=lambda t: {**t.assign, "attempts": ":attempt"}),
    ),
    Mutation(
        "claim: the due time stays",
        "woken late, and asks again",
        transition(attempts, "claim", remove=lambda t: tuple(p for p in t.remove if p != "dueAt")),
        Schedule({23: Fault.OVERTAKEN}),
    ),
    Mutation(
        "claim: a full history is not shortened",
        "a large task redriven thirty times",
        method(TaskStore, "shorten", nothing),
    ),
    Mutation(
        "process: a task is claimed when the invocation's time is over",
        "a worker outlives its lease before a neighbour",
        method(Processor, "process", _late_is_fine),
    ),
    Mutation(
        "process: a message is dropped when AWS fails",
        "success",
        method(Processor, "process", _dropped_if_unavailable),
    ),
    Mutation(
        "process: an unreadable message is dropped",
        "a body that is no JSON",
        method(Processor, "process", _dropped_if_unreadable),
    ),
    Mutation(
        "process: a message is dropped while another tries its task",
        "delivered twice at once",
        method(Processor, "_not_claimed", dropped),
    ),
    Mutation(
        "process: a message is dropped when the lease was lost",
        "a worker outlives its lease beside another",
        method(Processor, "_completed", _dropped_if_lost),
    ),
    Mutation(
        "process: nothing is sent when giving up",
        "permanent failure",
        method(Processor, "_give_up", dropped),
    ),
    Mutation(
        "process: a message goes although its dead letter could not be sent",
        "permanent failure",
        method(Processor, "_give_up", _given_up_whatever_is_sent),
    ),
    Mutation(
        "process: the dead letter is not sent again by a message that comes back",
        "permanent failure",
        method(Processor, "_not_claimed", _dropped_if_given_up),
    ),
    Mutation(
        "process: what was moved back on purpose is not redriven",
        "native SQS redrive",
        method(Processor, "_redrive", dropped),
    ),
    Mutation(
        "process: a killed worker's last attempt is left to the net",
        "a worker killed at every attempt",
        method(Processor, "_exhausted", _never_exhausted),
    ),
    Mutation(
        "process: a message that comes too early goes",
        "asks for ten minutes",
        method(Processor, "_too_early", dropped),
    ),
    Mutation(
        "process: a message goes although the fresh one could not be sent",
        "asks for a minute and a half",
        method(Processor, "_waiting", _dropped_whatever_is_sent),
    ),
    Mutation(
        "process: every wait is hidden",
        "asks for a minute and a half",
        method(Processor, "_waiting", _hidden),
    ),
    Mutation(
        "process: a result that is refused is tried again and again",
        "a result that the table refuses",
        method(Processor, "_result_refused", _again_if_refused),
    ),
    Mutation(
        "postpone: the attempt counts",
        "asks for a second, twenty times",
        transition(attempts, "postpone", assign=without("attemptsUsed")),
    ),
    Mutation(
        "postpone: every attempt has an entry of its own, and none is counted",
        "asks for a second, twenty times",
        transition(
            attempts, "postpone", assign=lambda t: {p: v for p, v in t.assign.items() if "times" not in p}
        ),
    ),
    Mutation(
        "fail: no wait is kept",
        "delivered twice in a row, failing",
        transition(attempts, "fail", assign=without("notBefore")),
    ),
    Mutation("wake: no task", "asks for an hour", method(Waker, "wake_due", none_at_all)),
    Mutation("wake: marks before it sends", "asks for an hour", method(Waker, "wake", _wake_marked_first)),
    Mutation("wake: at once", "asks for an hour", method(Waker, "_send", _woken_without_delay)),
    Mutation(
        "rescue: no task",
        "paused for longer than the queue remembers",
        method(Waker, "rescue", none_at_all),
    ),
    Mutation(
        "rescue: marks before it sends",
        "paused for longer than the queue remembers",
        method(Rescuer, "rescue", _rescue_marked_first),
    ),
    Mutation(
        "rescue: begins the task anew",
        "paused between attempts",
        transition(transitions, "rescue", assign=lambda t: {**t.assign, "#status": ":queued"}),
    ),
    Mutation(
        "rescue: no dead letter",
        "given up, and the copy is forgotten",
        method(Rescuer, "rescue", _rescued_if_not_given_up),
    ),
    Mutation(
        "repair: believes that a purged message is there",
        "a purge, and repair",
        method(Rescuer, "rescue", _rescued_if_old),
    ),
    Mutation(
        "scan: each begins anew",
        "a daily scan that is cut after its first pages",
        method(TableScan, "progress", lambda _self: {}),
    ),
    Mutation(
        "monitor: a message goes though nothing was recorded",
        "a dead letter without record",
        method(Burial, "bury", _bury_and_drop),
    ),
    Mutation(
        "monitor: the message of a running task goes",
        "a dead letter of a running task",
        method(Burial, "_not_buried", dropped),
    ),
    Mutation("monitor: no log line", "a dead letter without record", method(Burial, "_report_dead", nothing)),
    Mutation(
        "monitor: a record that is too large is never buried",
        "a burial that the table refuses",
        method(TaskStore, "bury", _buried_with_history_only),
    ),
)
