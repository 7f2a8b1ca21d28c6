"""Mutations of kinds, lanes and children."""

from contextlib import nullcontext, suppress
from dataclasses import replace
from secrets import token_hex
from typing import Any
from unittest.mock import patch

import taskguard.process
from taskguard.attempt import Running
from taskguard.kinds import Kinds, NamedKind
from taskguard.model.errors import KindUnavailable, NotSubmitted, PermanentError
from taskguard.model.json_text import Json
from taskguard.model.message import Delivery, Message, Submission, Verdict
from taskguard.perform import Performer
from taskguard.process import Processor
from taskguard.submit import Origin, Submitter
from taskguard.work import Context
from tests.proofs.simulation.mutations.mutation import Mutation
from tests.proofs.simulation.mutations.parts import all_careless, dropped, method

_submit, _perform = Submitter.submit, Performer.perform
_process, _passed_on, _find = Processor.process, Processor._passed_on, Kinds.find


def _child_whatever_aws_says(self: Submitter, submission: Submission, origin: Origin) -> Any:
    with suppress(NotSubmitted) if origin.parent_id else nullcontext():
        return _submit(self, submission, origin)


def _failing_if_unavailable(self: Performer, payload: Json, context: Context) -> Json:
    try:
        return _perform(self, payload, context)
    except KindUnavailable as error:
        raise RuntimeError(str(error)) from error


def _given_up_if_unavailable(self: Performer, payload: Json, context: Context) -> Json:
    try:
        return _perform(self, payload, context)
    except KindUnavailable as error:
        raise PermanentError(str(error)) from error


def _in_any_lane(self: Processor, delivery: Delivery) -> Verdict:
    kind = Message.parse(delivery.body).kind
    return _process(replace(self, lane=self.tasks.kinds.lane_of(kind)), delivery)


def _passed_on_whatever_is_sent(self: Processor, *arguments: Any) -> Verdict:
    return _passed_on(replace(self, tasks=all_careless(self.tasks)), *arguments)


def _by_its_name_only(self: Kinds, name: str | None) -> NamedKind | None:
    found = _find(self, name)
    return found if found and (name is None or found.name == name) else None


MUTATIONS = (
    Mutation(
        "children: another id at every attempt",
        "killed after its child was submitted",
        lambda: patch.object(taskguard.process, "child_task_id", lambda *_: token_hex(16)),
    ),
    Mutation(
        "children: not listed",
        "submits a task of another lane",
        method(Running, "with_children", lambda self: self.record),
    ),
    Mutation(
        "children: the work goes on though a child could not be sent",
        "submits a task of another lane",
        method(Submitter, "submit", _child_whatever_aws_says),
    ),
    Mutation(
        "kinds: an unknown one uses up attempts",
        "a kind that nobody knows until it is deployed",
        method(Performer, "perform", _failing_if_unavailable),
    ),
    Mutation(
        "kinds: one that cannot be imported is given up",
        "a kind that cannot be imported until it is mended",
        method(Performer, "perform", _given_up_if_unavailable),
    ),
    Mutation(
        "kinds: an old name is forgotten",
        "a kind renamed while its tasks wait",
        method(Kinds, "find", _by_its_name_only),
    ),
    Mutation(
        "lanes: whichever gets a task does it",
        "a kind moved while its tasks wait",
        method(Processor, "process", _in_any_lane),
    ),
    Mutation(
        "lanes: the message of a kind that moved is dropped",
        "a kind moved while its tasks wait",
        method(Processor, "_passed_on", dropped),
    ),
    Mutation(
        "lanes: a message goes although it could not be passed on",
        "a lane closed, and taken out when it is empty",
        method(Processor, "_passed_on", _passed_on_whatever_is_sent),
    ),
)
