from typing import Any

import pytest
from pulumi.runtime import rpc

from local.resources.inputs import Inputs, plain


def _generated() -> str:
    return "generated"


SECRET = {rpc._special_sig_key: rpc._special_secret_sig, "value": {"size": 3.0}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [(30.0, 30), (0.3, 0.3), ([1.0, {"a": 2.0}], [1, {"a": 2}]), (True, True), (SECRET, {"size": 3})],
)
def test_whole_numbers_are_integers_and_secrets_are_opened(given: Any, expected: Any) -> None:
    assert (plain(given), type(plain(given))) == (expected, type(expected))


def test_parameters_are_the_inputs_that_are_set_in_pascal_case_at_every_depth() -> None:
    inputs = Inputs({"batchSize": 10.0, "scalingConfig": {"maximumConcurrency": 5.0}, "arn": "a"}, _generated)
    assert inputs.parameters("batchSize", "scalingConfig", "enabled", EventSourceArn="arn") == {
        "BatchSize": 10,
        "ScalingConfig": {"MaximumConcurrency": 5},
        "EventSourceArn": "a",
    }


def test_an_input_that_nobody_takes_is_told() -> None:
    inputs = Inputs({"name": "q", "fifo": True, "unset": None}, _generated)
    assert inputs.name() == "q"
    assert inputs.untaken() == ["fifo"]


def test_a_resource_without_a_name_gets_the_generated_one() -> None:
    assert Inputs({}, _generated).name("functionName") == "generated"
