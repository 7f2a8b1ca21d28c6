"""A stack in an emulator: known by its provider's endpoints, reached by URLs that work everywhere."""

import json
from collections.abc import Mapping

import pytest

from infra.settings.emulator import SERVICES, Emulator, configured_emulator
from local.project import load_stack_config
from tests.support.config import with_config
from tests.support.program import run_program, run_with_config

URL = "http://127.0.0.1:4566"


def _emulator(*endpoints: Mapping[str, str]) -> Emulator | None:
    return with_config({"aws:endpoints": json.dumps(endpoints)}, configured_emulator)


def test_a_stack_in_an_emulator_exports_where_the_emulator_answers() -> None:
    exports = run_program("local").exports
    assert exports["awsEndpointUrl"] == URL
    assert exports["apiEndpoint"] == f"{URL}/_aws/execute-api/taskguard-local/$default"


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stack_on_aws_exports_what_aws_reports_and_no_endpoint(stack: str) -> None:
    exports = run_program(stack).exports
    assert exports["apiEndpoint"].endswith(".amazonaws.com")
    assert "awsEndpointUrl" not in exports


def test_endpoints_are_read_from_one_map_or_several() -> None:
    one = dict.fromkeys(SERVICES, f"{URL}/")
    assert _emulator(one) == _emulator(*({name: url} for name, url in one.items())) == Emulator(URL)


@pytest.mark.parametrize(
    "private",
    [
        {"sqs": "https://vpce-1.sqs.us-east-1.vpce.amazonaws.com"},
        {name: f"https://vpce-1.{name}.us-east-1.vpce.amazonaws.com" for name in SERVICES},
    ],
)
def test_private_endpoints_of_aws_are_no_emulator(private: Mapping[str, str]) -> None:
    assert _emulator(private) is None
    config = {**load_stack_config("dev"), "aws:endpoints": json.dumps([private])}
    assert run_with_config("dev", config).exports == run_program("dev").exports


def test_every_service_of_the_local_stack_is_the_emulators() -> None:
    """One that is left out would be called at AWS, with the emulator's keys."""
    (endpoints,) = json.loads(load_stack_config("local")["aws:endpoints"])
    types = {each.type for each in run_program("local").resources if each.custom}
    used = {type_.split(":")[1].split("/")[0] for type_ in types}
    assert used | {"logs", "sts"} <= endpoints.keys()
    assert set(endpoints.values()) == {URL}
