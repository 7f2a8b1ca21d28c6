"""The requests of a run: single tasks and batches, in bursts, some sent twice at the same moment."""

from collections.abc import Iterator, Sequence
from random import Random

_BATCH_SIZES = (1, 1, 1, 5, 25)
_TWICE = 0.05

Request = tuple[str, ...]
"""Ids of the tasks that are submitted together; one alone goes to POST /tasks."""


def bursts_of(task_ids: Sequence[str], burst_tasks: int, random: Random) -> Iterator[list[Request]]:
    """Yield the requests burst by burst; every task is in one, or in two that stand side by side."""
    for start in range(0, len(task_ids), burst_tasks):
        yield list(_requests(task_ids[start : start + burst_tasks], random))


def _requests(task_ids: Sequence[str], random: Random) -> Iterator[Request]:
    start = 0
    while start < len(task_ids):
        request = tuple(task_ids[start : start + random.choice(_BATCH_SIZES)])
        yield request
        if random.random() < _TWICE:
            yield request
        start += len(request)
