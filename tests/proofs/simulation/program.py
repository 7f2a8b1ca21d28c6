"""What is deployed in a run: kinds and lanes. A scenario may deploy another program on its way."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from taskguard.kinds import DEFAULT_LANE, Kind, Kinds, Lane

TASK_QUEUE: Final = "https://sqs.test/tasks"
"""The default lane's queue; those of other lanes have the lane's name behind it."""

BROKEN: Final = "work.broken:cannot_be_imported"
"""Work whose module cannot be imported, in the form of `Kind.work`."""


@dataclass(frozen=True, eq=False)
class Program:
    """A version of the user's program, as its functions and the tool were deployed with it."""

    kinds: Kinds

    @cached_property
    def task_queues(self) -> Mapping[str, str]:
        """The URLs of the task queues, by lane."""
        return {lane: task_queue(lane) for lane in self.kinds.lanes}


def task_queue(lane: str) -> str:
    """Return the URL of a lane's task queue."""
    return TASK_QUEUE if lane == DEFAULT_LANE else f"{TASK_QUEUE}-{lane}"


def is_task_queue(url: str) -> bool:
    """Tell whether a URL is that of a task queue, of whichever lane."""
    return url.startswith(TASK_QUEUE)


def program(*, lanes: Mapping[str, Lane] | None = None, **kinds: Kind) -> Program:
    """Return a program with these lanes beside the default one, and these kinds beside the probes."""
    return Program(Kinds(kinds, {DEFAULT_LANE: Lane(), **(lanes or {})}))


PLAIN: Final = program()
"""A fresh clone's program."""
