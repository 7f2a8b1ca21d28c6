"""What the user's work may use: what its lane asks for and its stack gives, and nothing more."""

from collections.abc import Mapping
from typing import Any

import pytest

from infra.settings.problems import SettingsError
from infra.settings.work import OWN_VARIABLES
from taskguard.kinds import DEFAULT_LANE, Kinds, Lane
from tests.support.config import stack_needs, stack_settings
from tests.support.program import ProgramRun, run_with_kinds

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:stripe-AbCdEf"
BUCKET = "arn:aws:s3:::photos"
SLOW = Lane(environment=("THUMBNAIL_BUCKET",), secrets=("STRIPE_KEY",), vpc=True)
KINDS = Kinds({}, {DEFAULT_LANE: Lane(), "slow": SLOW})
GIVEN = {
    "workEnvironment": '{"THUMBNAIL_BUCKET": "photos"}',
    "workSecrets": f'{{"STRIPE_KEY": "{SECRET}"}}',
    "workVpc": '{"subnetIds": ["subnet-00000001", "subnet-00000002"], "securityGroupIds": ["sg-00000001"]}',
    "workPermissions": f'{{"slow": [{{"actions": ["s3:PutObject"], "resources": ["{BUCKET}/*"],'
    ' "reason": "names of thumbnails follow from their photos"}]}',
}


@pytest.fixture(scope="module")
def run() -> ProgramRun:
    return run_with_kinds(KINDS, GIVEN)


def statements(run: ProgramRun, function: str) -> dict[str, tuple[Any, Any]]:
    policy = run.one("aws:iam/rolePolicy:RolePolicy", f"{function}-policy").json("policy")
    return {each["Sid"]: (each["Action"], each["Resource"]) for each in policy["Statement"]}


def function(run: ProgramRun, name: str) -> Mapping[str, Any]:
    return run.one("aws:lambda/function:Function", name).inputs


def test_a_lanes_function_has_its_environment_and_the_arns_of_its_secrets(run: ProgramRun) -> None:
    variables = function(run, "process-task-slow")["environment"]["variables"]
    assert (variables["THUMBNAIL_BUCKET"], variables["STRIPE_KEY"]) == ("photos", SECRET)
    for other in ("process-task", "submit-task", "get-task", "monitor-dlq", "wake-tasks"):
        assert not function(run, other)["environment"]["variables"].keys() & {
            "THUMBNAIL_BUCKET",
            "STRIPE_KEY",
        }


def test_a_lanes_role_has_exactly_the_permissions_of_its_work(run: ProgramRun) -> None:
    slow, default = statements(run, "process-task-slow"), statements(run, "process-task")
    assert {sid: slow[sid] for sid in slow.keys() - default.keys()} == {
        "Work1": (["s3:PutObject"], [f"{BUCKET}/*"]),
        "ReadSecrets": (["secretsmanager:GetSecretValue"], [SECRET]),
        "UseNetwork": (
            [
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:UnassignPrivateIpAddresses",
            ],
            "*",
        ),
    }


def test_a_lane_in_a_network_runs_there_and_no_other_does(run: ProgramRun) -> None:
    network = {"subnetIds": ["subnet-00000001", "subnet-00000002"], "securityGroupIds": ["sg-00000001"]}
    assert function(run, "process-task-slow")["vpcConfig"] == network
    assert "vpcConfig" not in function(run, "process-task")


def problems(changes: Mapping[str, str], kinds: Kinds = KINDS) -> str:
    with pytest.raises(SettingsError) as caught:
        stack_settings("dev", {**GIVEN, **changes}, kinds)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"workEnvironment": "{}"}, "taskguard:workEnvironment: {THUMBNAIL_BUCKET: VALUE}"),
        (
            {"workSecrets": "{}"},
            "workSecrets: {STRIPE_KEY: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-AbCdEf}",
        ),
        ({"workSecrets": '{"STRIPE_KEY": "sk_live_1"}'}, "a secret's whole ARN"),
        ({"workSecrets": f'{{"STRIPE_KEY": "{SECRET[:-7]}"}}'}, "a secret's whole ARN"),
        (
            {"workEnvironment": f'{{"THUMBNAIL_BUCKET": "{"x" * 2000}"}}'},
            "at most 2000, as a function has 4 KB",
        ),
        ({"workVpc": "{}"}, "workVpc is missing; it must be the network of the lane slow"),
        ({"workVpc": '{"subnetIds": ["subnet-00000001"], "securityGroupIds": []}'}, "a map of subnetIds and"),
        ({"workVpc": '{"subnetIds": ["subnet-00000001"]}'}, "a map of subnetIds and"),
        (
            {"workEnvironment": '{"THUMBNAIL_BUCKET": "a", "BUCKET": "b"}'},
            "workEnvironment.BUCKET is asked for by no lane",
        ),
        (
            {"workVpc": '{"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-00000001"]}'},
            "a map of subnetIds",
        ),
        ({"workPermissions": '{"fast": []}'}, "workPermissions.fast is unknown"),
        ({"workPermissions": '{"slow": [{"actions": ["s3:GetObject"]}]}'}, "a map of lanes, each a list of"),
        (
            {"workPermissions": f'{{"slow": [{{"actions": ["s3:*"], "resources": ["{BUCKET}"]}}]}}'},
            "workPermissions.slow[0] is s3:*; it must be without wildcards, or have a reason",
        ),
        (
            {"workPermissions": '{"slow": [{"actions": ["s3:GetObject"], "resources": ["photos"]}]}'},
            "'photos'; it must be an ARN",
        ),
        (
            {"workPermissions": f'{{"slow": [{{"actions": ["everything"], "resources": ["{BUCKET}"]}}]}}'},
            "'everything'; it must be an action such as s3:GetObject",
        ),
    ],
)
def test_what_does_not_fit_stops_the_preview_with_the_line_to_write(
    changes: Mapping[str, str], text: str
) -> None:
    assert text in problems(changes)


@pytest.mark.parametrize("name", ["LANE", "AWS_REGION", "POWERTOOLS_LOG_LEVEL", "LAMBDA_TASK_ROOT", "PATH"])
def test_names_that_lambda_or_taskguard_use_are_refused(name: str) -> None:
    kinds = Kinds({}, {DEFAULT_LANE: Lane(environment=(name,)), "slow": SLOW})
    given = f'{{"THUMBNAIL_BUCKET": "photos", "{name}": "a"}}'
    assert f"{name} is taken" in problems({"workEnvironment": given}, kinds)


def test_every_variable_of_a_lanes_function_is_known_as_taken() -> None:
    needed = set(stack_needs("dev")["process_task"].environment)
    assert needed | {"TASKS_TABLE_NAME"} == OWN_VARIABLES


def test_nothing_is_given_where_nothing_is_asked_for() -> None:
    settings = stack_settings("dev")
    assert (settings.work_environment, settings.work_secrets, settings.work_permissions) == ({}, {}, {})
    assert not settings.work_vpc
