"""A stack in moto, and the environment in which the commands find it."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.ops.moto_stack import MotoStack


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "TASKGUARD_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def stack() -> Iterator[MotoStack]:
    with mock_aws():
        yield MotoStack.created()
