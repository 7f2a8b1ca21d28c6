import logging
from collections.abc import Callable, Iterator

import pytest

from taskguard.perform import Performer
from taskguard.work import Perform
from tests.support.aws_calls import recorded
from tests.support.aws_in_process import System, running_system


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may ever find real credentials."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture(autouse=True)
def _fresh_logger() -> None:
    """Loggers outlive a test and keep the output stream they were made with: forget ours."""
    logging.Logger.manager.loggerDict.pop("taskguard-test", None)


@pytest.fixture
def system() -> Iterator[System]:
    with running_system() as running:
        yield running


@pytest.fixture
def performing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Perform], None]:
    """Replace the work of every kind by a test's own."""
    return lambda perform: monkeypatch.setattr(Performer, "perform", staticmethod(perform))


@pytest.fixture
def waits() -> Iterator[list[int]]:
    """Collect the visibility timeouts that are set, in order."""
    with recorded("ChangeMessageVisibility", "VisibilityTimeout") as seconds:
        yield seconds


@pytest.fixture
def sent_delays() -> Iterator[list[int]]:
    """Collect the delays of the messages that are sent, in order."""
    with recorded("SendMessage", "DelaySeconds") as seconds:
        yield seconds
