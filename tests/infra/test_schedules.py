"""The schedules that invoke wake_tasks, and the role that they do it under."""

import pytest

from tests.infra.expected import PLACE, function_arn
from tests.support.fake_outputs import ACCOUNT
from tests.support.program import ProgramRun, Registered

SCHEDULE = "aws:scheduler/schedule:Schedule"
RUNS = {"wake-due": ("rate(5 minutes)", "due"), "wake-scan": ("rate(1 day)", "scan")}
GROUP = "taskguard-dev-wake-tasks"
ROLE = "taskguard-dev-wake-tasks-schedules"


def schedule(run: ProgramRun, name: str) -> Registered:
    return run.one(SCHEDULE, name)


def test_there_are_exactly_these_schedules(dev: ProgramRun) -> None:
    assert [each.name for each in dev.all(SCHEDULE)] == sorted(RUNS)


@pytest.mark.parametrize(("name", "rate", "run"), [(name, *run) for name, run in RUNS.items()])
def test_a_schedule_invokes_the_waker_with_its_run(dev: ProgramRun, name: str, rate: str, run: str) -> None:
    inputs = schedule(dev, name).inputs
    assert inputs["name"] == f"taskguard-dev-{name}"
    assert inputs["scheduleExpression"] == rate
    assert inputs["flexibleTimeWindow"] == {"mode": "OFF"}
    assert inputs["target"]["arn"] == function_arn("wake-tasks")
    assert inputs["target"]["input"] == f'{{"run": "{run}"}}'


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_fails_is_not_repeated_neither_by_the_scheduler_nor_by_lambda(
    dev: ProgramRun, name: str
) -> None:
    retries = {"maximumRetryAttempts": 0, "maximumEventAgeInSeconds": 60}
    assert schedule(dev, name).inputs["target"]["retryPolicy"] == retries
    (config,) = dev.all("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
    assert config.inputs == {"functionName": "taskguard-dev-wake-tasks", **retries}


@pytest.mark.parametrize("name", RUNS)
def test_rights_and_rules_exist_before_the_first_invocation(dev: ProgramRun, name: str) -> None:
    needed = {
        dev.one("aws:iam/rolePolicy:RolePolicy", "wake-tasks-schedules-policy").urn,
        dev.one(
            "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", "wake-tasks-asynchronous"
        ).urn,
    }
    assert needed <= schedule(dev, name).dependencies


@pytest.mark.parametrize("name", RUNS)
def test_the_schedules_role_may_invoke_the_waker_and_nothing_else(dev: ProgramRun, name: str) -> None:
    policy = dev.one("aws:iam/rolePolicy:RolePolicy", "wake-tasks-schedules-policy")
    assert policy.json("policy")["Statement"] == [
        {
            "Sid": "Invoke",
            "Effect": "Allow",
            "Action": ["lambda:InvokeFunction"],
            "Resource": function_arn("wake-tasks"),
        }
    ]
    assert policy.inputs["role"] == ROLE
    assert schedule(dev, name).inputs["target"]["roleArn"] == f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"


@pytest.mark.parametrize("name", RUNS)
def test_the_scheduler_may_assume_it_for_the_schedules_of_this_group_alone(
    dev: ProgramRun, name: str
) -> None:
    """A schedule of someone else's account or group that names this role must not invoke the function."""
    (trust,) = dev.one("aws:iam/role:Role", "wake-tasks-schedules-role").json("assumeRolePolicy")["Statement"]
    assert trust == {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {
                "aws:SourceAccount": ACCOUNT,
                "aws:SourceArn": f"arn:aws:scheduler:{PLACE}:schedule-group/{GROUP}",
            }
        },
    }
    assert schedule(dev, name).inputs["groupName"] == GROUP


def test_names_fit_the_longest_stack_name() -> None:
    """IAM's roles and the scheduler's names have at most 64 characters."""
    assert len(ROLE.replace("dev", "s" * 30)) <= 64
