import json
import re

import pytest

from local.aws_clients import AwsClients
from local.deployer.autonaming import Autonaming
from local.deployer.deploy import creation
from local.errors import StackConfigError


def _naming(**settings: str) -> Autonaming:
    config = {"pulumi:autonaming": json.dumps(settings), "demo:team": "core", "aws:region": "us-east-1"}
    return Autonaming("demo", "dev", config)


def test_names_end_in_seven_random_digits_by_default() -> None:
    names = {Autonaming("demo", "dev", {}).name("queue") for _ in range(20)}
    assert len(names) == 20
    assert all(re.fullmatch(r"queue-[0-9a-f]{7}", name) for name in names)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("${project}-${stack}-${name}", "demo-dev-queue"),
        ("${config.team}-${config.aws:region}-${name}", "core-us-east-1-queue"),
        ("${name}-${alphanum(4)}-${num(2)}", "queue-[a-z0-9]{4}-[0-9]{2}"),
    ],
)
def test_the_pattern_of_the_project_is_followed(pattern: str, expected: str) -> None:
    assert re.fullmatch(expected, _naming(pattern=pattern).name("queue"))


def test_verbatim_names_are_the_logical_names() -> None:
    assert _naming(mode="verbatim").name("queue") == "queue"


@pytest.mark.parametrize("settings", [{"mode": "disabled"}, {"pattern": "${nonsense}"}])
def test_what_gives_no_name_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(StackConfigError, match="pulumi:autonaming"):
        _naming(**settings).name("queue")


def test_a_resource_with_a_name_needs_no_generated_one() -> None:
    aws = AwsClients("http://127.0.0.1:1", "us-east-1")
    create = creation(aws, _naming(mode="disabled"))
    assert create("pulumi:providers:aws", "named", {"region": "us-east-1"})[1] == {"region": "us-east-1"}
