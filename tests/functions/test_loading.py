"""Loading a function: in Lambda that makes its clients; elsewhere it needs nothing."""

import runpy

import pytest

from tests.support.aws_in_process import System
from tests.support.program import REPOSITORY

HANDLERS = {path.parent.name: path for path in sorted((REPOSITORY / "functions").glob("*/handler.py"))}


def applications(function: str) -> int:
    """Load a handler's module and return how many applications it has made by then."""
    made: int = runpy.run_path(str(HANDLERS[function]))["application"].cache_info().currsize
    return made


@pytest.mark.parametrize("function", HANDLERS)
def test_lambda_makes_the_clients_when_it_loads_the_function(
    function: str, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in {**system.environment, "AWS_LAMBDA_FUNCTION_NAME": function}.items():
        monkeypatch.setenv(key, value)
    assert applications(function) == 1


@pytest.mark.parametrize("function", HANDLERS)
def test_elsewhere_a_handler_can_be_imported_without_any_environment(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    assert applications(function) == 0
