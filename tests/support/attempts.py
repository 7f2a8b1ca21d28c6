"""Work that tests make up, and tasks to try it on."""

from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import Mock, patch

from taskguard.perform import Performer
from taskguard.work import Perform
from tests.support.aws_in_process import System


def raising(error: BaseException) -> Perform:
    return Mock(side_effect=error)


def performing(perform: Perform) -> AbstractContextManager[Any]:
    """Replace the work of every kind, in functions that are built meanwhile."""
    return patch.object(Performer, "perform", staticmethod(perform))


def submit(system: System, task_id: str = "a") -> None:
    system.submit({"taskId": task_id, "payload": {"n": task_id}})
