"""The way of one message through the code: recorded while a message is handled, not written by hand."""

import contextlib
import importlib
import inspect
import io
import operator
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from unittest.mock import patch

from process_task import handler
from tests.support.aws_in_process import running_system
from tests.support.events import Context

FUNCTIONS = f"{Path(__file__).resolve().parents[1]}/functions/"

ASIDE = frozenset(
    {
        "taskguard/edge/telemetry.py",
        "taskguard/kinds.py",
        "taskguard/storage/items.py",
        "taskguard/storage/aws.py",
        "taskguard/model/json_text.py",
        "taskguard/model/clock.py",
    }
)
"""Modules that stand beside the way, with what they call: they log, or turn a value into another form."""

CREDENTIALS: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Step:
    """A call that leads into a module from outside of it.

    Attributes
    ----------
    module
        The module's path below `functions/`.
    function
        The qualified name of the function that is called.
    """

    module: str
    function: str

    @property
    def meaning(self) -> str:
        """The first line of the function's docstring, or else of its module's; without its full stop."""
        module = importlib.import_module(self.module.removesuffix(".py").replace("/", "."))
        called = operator.attrgetter(self.function)(module)
        text = inspect.getdoc(called) if called.__doc__ else inspect.getdoc(module)
        return (text or "").split("\n\n")[0].replace("\n", " ").rstrip(".")


@cache
def way_of_a_message() -> tuple[Step, ...]:
    """Return the steps of a message from SQS's event to the completion of its task, in order.

    The handler runs on moto, warm, as it does for all but the first invocation of a Lambda environment.
    """
    with (
        contextlib.redirect_stdout(io.StringIO()),
        patch.dict(os.environ, CREDENTIALS),
        running_system(POWERTOOLS_SERVICE_NAME="taskguard-docs") as system,
        patch.dict(os.environ, system.environment),
    ):
        handler.application.cache_clear()
        handler.application()
        system.submit({"taskId": "order-7", "payload": {"n": 1}})
        event = {"Records": system.receive()}
        with _recorded() as steps:
            handler.handle(event, Context())  # type: ignore[arg-type]
        handler.application.cache_clear()
        if system.record("order-7").status != "COMPLETED":
            raise AssertionError("the message did not complete its task")
    return tuple(steps)


@contextlib.contextmanager
def _recorded() -> Iterator[list[Step]]:
    steps: list[Step] = []

    def on_event(frame: FrameType, event: str, _: object) -> None:
        module = _module_of(frame)
        caller = _module_of(frame.f_back)
        if event == "call" and module and module != caller and not {module, caller} & ASIDE:
            steps.append(Step(module, frame.f_code.co_qualname))

    threading.setprofile(on_event)  # the messages of a batch are handled in threads
    sys.setprofile(on_event)
    try:
        yield steps
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _module_of(frame: FrameType | None) -> str | None:
    path = frame.f_code.co_filename if frame else ""
    return path.removeprefix(FUNCTIONS) if path.startswith(FUNCTIONS) else None
