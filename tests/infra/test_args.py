"""Components refuse bad arguments before anything is created."""

from typing import Any

import pytest

from infra.components.function import DependencyLayerArgs
from infra.components.queue import TaskQueueArgs
from infra.components.scope import Scope
from infra.settings.problems import ArgsError

SCOPE = Scope("dev", {})


def test_all_bad_arguments_are_reported_at_once_with_field_value_and_range() -> None:
    with pytest.raises(ArgsError) as caught:
        TaskQueueArgs(SCOPE, visibility_timeout_seconds=43_201, retention_days=0)
    assert str(caught.value) == (
        "TaskQueueArgs: visibility_timeout_seconds is 43201; it must be a whole number from 0 to 43200."
        " retention_days is 0; it must be a whole number from 1 to 14."
    )


@pytest.mark.parametrize("value", [True, "4", 4.0, None])
def test_a_number_must_be_a_whole_number(value: Any) -> None:
    with pytest.raises(ArgsError, match=f"retention_days is {value!r}; it must be a whole number from"):
        TaskQueueArgs(SCOPE, visibility_timeout_seconds=30, retention_days=value)


def test_a_runtime_must_be_one_that_lambda_has() -> None:
    with pytest.raises(ArgsError, match=r"runtime is 'python2.7'; it must be one of python3.13, "):
        DependencyLayerArgs(SCOPE, "layer", "python2.7")


def test_good_arguments_are_kept_as_they_are() -> None:
    args = TaskQueueArgs(SCOPE, visibility_timeout_seconds=0, retention_days=14)
    assert (args.visibility_timeout_seconds, args.retention_days) == (0, 14)
