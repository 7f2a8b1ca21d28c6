"""The way of one message, as `docs/how-it-works.md` lists it, is the way that the code takes."""

import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from types import FrameType

import pytest

from local.project import REPOSITORY
from process_task import handler
from tests.support.aws_in_process import System
from tests.support.events import Context

FUNCTIONS = REPOSITORY / "functions"
ROW = re.compile(r"^\| \d+ \| \[[^]]+\]\(\.\./functions/([^)]+)\) \| `([^`]+)` \|", re.MULTILINE)
ASIDE = re.compile(r"^- \[[^]]+\]\(\.\./functions/([^)]+)\)", re.MULTILINE)

Step = tuple[str, str]
"""A module's path below `functions/`, and the qualified name of a function in it."""


def module_of(frame: FrameType | None) -> str | None:
    """Return the path below `functions/` of the module that a frame runs; None outside of it."""
    path = frame.f_code.co_filename if frame else ""
    return path.removeprefix(f"{FUNCTIONS}/") if path.startswith(f"{FUNCTIONS}/") else None


@contextmanager
def recorded_entries() -> Iterator[list[Step]]:
    """Yield a list that fills with every call that leads into a module of `functions/` from outside of it."""
    entries: list[Step] = []

    def on_event(frame: FrameType, event: str, _: object) -> None:
        module = module_of(frame)
        if event == "call" and module and module != module_of(frame.f_back):
            entries.append((module, frame.f_code.co_qualname))

    threading.setprofile(on_event)
    sys.setprofile(on_event)
    try:
        yield entries
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@pytest.fixture
def way() -> str:
    """The section of the documentation."""
    text = (REPOSITORY / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    return text.split("\n## The way of one message\n", 1)[1].split("\n## ", 1)[0]


@pytest.fixture
def taken(system: System, monkeypatch: pytest.MonkeyPatch, way: str) -> list[Step]:
    """The entries of a message that is completed, without those into modules listed as standing aside."""
    for key, value in system.environment.items():
        monkeypatch.setenv(key, value)
    handler.application.cache_clear()
    handler.application()
    system.submit({"taskId": "order-7", "payload": {"n": 1}})
    event = {"Records": system.receive()}
    with recorded_entries() as entries:
        handler.handle(event, Context())  # type: ignore[arg-type]
    handler.application.cache_clear()
    assert system.record("order-7").status == "COMPLETED"
    return [step for step in entries if step[0] not in ASIDE.findall(way)]


def test_the_list_is_what_is_called(way: str, taken: list[Step]) -> None:
    assert ROW.findall(way) == taken


def test_no_module_is_entered_more_than_twice(taken: list[Step]) -> None:
    entered = Counter(module for module, _ in groupby(module for module, _ in taken))
    assert max(entered.values()) <= 2, entered
