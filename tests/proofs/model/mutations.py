"""Rules taken out of the product one by one, each with the configuration whose search must miss it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from unittest.mock import patch

from taskguard.model.message import AT_ONCE, Delivery, Done, Message, Verdict
from taskguard.model.record import TaskRecord
from taskguard.process import Processor
from taskguard.storage import conditions, transitions
from taskguard.storage.store import Refused
from taskguard.storage.transition import Transition
from tests.proofs.model.configurations import named
from tests.proofs.model.search import Result, Search

Patch: TypeAlias = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class Mutation:
    """The product without one rule.

    Parameters
    ----------
    configuration
        Name of the configuration whose search is to catch it.
    apply
        Takes the rule out for as long as the context lasts.
    """

    name: str
    configuration: str
    apply: Patch


@contextmanager
def _without(part: str, by: str, values: dict[str, str] | None = None) -> Iterator[None]:
    """Replace a part of every condition that has it, and add the values that the other one needs.

    DynamoDB refuses a value that no expression uses; the model's evaluator does not mind.
    """
    holders = [name for name, text in vars(conditions).items() if name.isupper() and part in text]
    if not holders:
        raise ValueError(f"{part} is no part of any condition any more")
    request = Transition.request

    def with_values(self: Transition) -> dict[str, Any]:
        made = request(self)
        added = {name: {"S": value} for name, value in (values or {}).items()}
        return made | {"ExpressionAttributeValues": made["ExpressionAttributeValues"] | added}

    changed = {name: getattr(conditions, name).replace(part, by) for name in holders}
    with patch.multiple(conditions, **changed), patch.object(Transition, "request", with_values):
        yield


def _condition(part: str, by: str, **values: str) -> Patch:
    return lambda: _without(part, by, {f":{name}": value for name, value in values.items()})


def _method(owner: type, name: str, by: Callable[..., Any]) -> Patch:
    return lambda: patch.object(owner, name, by)


ALWAYS: Final = "attribute_not_exists(nothing)"


@contextmanager
def _rescue_requeues() -> Iterator[None]:
    rescue = transitions.rescue

    def requeued(record: TaskRecord, now: datetime) -> Transition:
        kept = rescue(record, now)
        return replace(kept, assign={**kept.assign, "#status": ":queued"})

    with patch.object(transitions, "rescue", requeued):
        yield


def _never_exhausted(self: Processor, record: TaskRecord, now: datetime) -> Verdict:
    return AT_ONCE


def _early_is_deleted(self: Processor, record: TaskRecord, left: timedelta) -> Verdict:
    return Done()


@contextmanager
def _counter_read_before() -> Iterator[None]:
    claim = Processor._claim

    def read_first(self: Processor, message: Message, delivery: Delivery) -> TaskRecord:
        seen = self.store.get(message.task_id)
        if seen and seen.generation == message.generation and seen.attempts_used >= self.policy.max_attempts:
            raise Refused(seen)
        self.store.get(message.task_id)  # whatever takes time between reading and claiming
        return claim(self, message, delivery)

    with _without(conditions.ATTEMPTS_LEFT, ALWAYS), patch.object(Processor, "_claim", read_first):
        yield


@contextmanager
def _newer_claims_cancelled() -> Iterator[None]:
    changed = conditions.CLAIMABLE_BY_NEWER.replace(conditions.NOT_ENDED, "#status <> :completed")
    with patch.object(conditions, "CLAIMABLE_BY_NEWER", changed):
        yield


def _not_copied(self: Processor, record: TaskRecord) -> Verdict:
    return Done()


MUTATIONS: Final = (
    Mutation(
        "wake: marks whatever due time the record has by then",
        "waits in the table twice",
        _condition("dueAt = :due", ALWAYS),
    ),
    Mutation("rescue: changes the state", "forgotten, one dies", _rescue_requeues),
    Mutation(
        "claim: a dead letter by its own generation",
        "receives used up",
        _condition(conditions.WAITS, f"({conditions.WAITS} OR #status = :dead)", dead="DEAD_LETTERED"),
    ),
    Mutation("exhaust: never", "two workers, one dies", _method(Processor, "_exhausted", _never_exhausted)),
    Mutation(
        "a message that came too early: deleted",
        "delivered twice",
        _method(Processor, "_too_early", _early_is_deleted),
    ),
    Mutation(
        "bury: whenever the message was sent", "receives used up", _condition("sentAt <= :sent", ALWAYS)
    ),
    Mutation(
        "claim: RETRYING before its time", "two workers, a copy", _condition(conditions.NOT_TOO_EARLY, ALWAYS)
    ),
    Mutation(
        "claim, newer: a cancelled task",
        "discarded and redriven",
        _newer_claims_cancelled,
    ),
    Mutation("claim: the counter read before", "two workers, one dies", _counter_read_before),
    Mutation(
        "report: of a late thread", "a late call", _condition(conditions.MY_ATTEMPT, "#status = :processing")
    ),
    Mutation("give up: no copy is sent", "two workers, a copy", _method(Processor, "_give_up", _not_copied)),
    Mutation(
        "claim: in spite of a live lease",
        "two workers, a copy",
        _condition(conditions.LEASE_OVER, "#status = :processing"),
    ),
    Mutation(
        "bury: a task that waits in the table",
        "postponed in the table",
        _condition(conditions.NOT_IN_TABLE, ALWAYS),
    ),
    Mutation(
        "bury: never a task that waits in the table",
        "postponed in the table",
        _condition(conditions.NOT_IN_TABLE, "attribute_not_exists(dueAt)"),
    ),
    Mutation(
        "bury: in spite of a live lease", "receives used up", _condition(conditions.NO_LIVE_LEASE, ALWAYS)
    ),
)


def run_mutation(mutation: Mutation) -> Result:
    """Search the mutation's configuration without the rule."""
    with mutation.apply():
        return Search(named(mutation.configuration)).run()
