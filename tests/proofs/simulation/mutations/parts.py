"""Pieces that mutations are made of."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from taskguard.model.errors import AwsError
from taskguard.model.message import Done, Verdict
from taskguard.storage.queue import LaneQueues, TaskQueue
from taskguard.storage.transition import Transition
from tests.proofs.simulation.mutations.mutation import Patch


def method(owner: type, name: str, mutant: Callable[..., Any]) -> Patch:
    """Return the patch that replaces a method."""
    return lambda: patch.object(owner, name, mutant)


def transition(module: Any, name: str, **changes: Callable[[Transition], Any]) -> Patch:
    """Return the patch that changes members of one transition."""
    original = getattr(module, name)

    def mutant(*arguments: Any, **options: Any) -> Transition:
        whole: Transition = original(*arguments, **options)
        return replace(whole, **{member: change(whole) for member, change in changes.items()})

    return lambda: patch.object(module, name, mutant)


def without(*paths: str) -> Callable[[Transition], dict[str, str]]:
    """Return the change that leaves out what a transition writes at these paths."""
    return lambda whole: {path: to for path, to in whole.assign.items() if path not in paths}


class _IgnoresFailedSends(TaskQueue):
    """Ignores that a send failed."""

    def send_body(self, body: str, delay: timedelta = timedelta()) -> None:
        with suppress(AwsError):
            super().send_body(body, delay)


class _IgnoresFailedSendsOfAllLanes(LaneQueues):
    def lane(self, name: str) -> TaskQueue:
        return careless(super().lane(name))


def careless(queue: TaskQueue) -> TaskQueue:
    """Return a queue that ignores that a send failed."""
    return _IgnoresFailedSends(queue.client, queue.url)


def all_careless(queues: LaneQueues) -> LaneQueues:
    """Return the same of all lanes."""
    return _IgnoresFailedSendsOfAllLanes(queues.client, queues.urls, queues.kinds)


def nothing(*_: Any, **__: Any) -> None:
    """Do nothing."""
    return


def none_at_all(*_: Any, **__: Any) -> int:
    """Do nothing, to no task."""
    return 0


def dropped(*_: Any) -> Verdict:
    """Let a message go."""
    return Done()
