"""Each function's policy against what the function really calls: no call is refused, no right is unused."""

from fnmatch import fnmatchcase

import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from policy.iam import statements
from taskguard.edge.telemetry import Event
from tests.proofs.conformance.deployed import KINDS, Call
from tests.proofs.conformance.recording import WRITES_TRACES, Recording, lambda_calls, recording
from tests.support.program import Registered, run_with_kinds

FUNCTIONS = ("get-task", "monitor-dlq", "process-task", "process-task-slow", "submit-task", "wake-tasks")
Rights = set[tuple[str, str]]
"""Actions with the pattern of the ARNs that they are allowed on."""


@pytest.fixture(scope="module")
def recorded() -> Recording:
    """Return the recording of the stack whose functions do most: it traces."""
    return recording("prod")


def policy_of(name: str, recorded: Recording) -> Registered:
    """Return the policy of a function's role."""
    return recorded.run.one("aws:iam/rolePolicy:RolePolicy", f"{name}-policy")


def calls_of(name: str, recorded: Recording) -> set[Call]:
    """Return what a function called, and what Lambda calls in its name."""
    function = recorded.run.one("aws:lambda/function:Function", name)
    made = {call for call in recorded.calls if call.function == name}
    return made | set(lambda_calls(function, recorded.run))


def allowed(policy: str) -> Rights:
    """Return what a policy allows."""
    return {
        (action, arn)
        for statement in statements(policy)
        if statement.effect == "Allow"
        for action in statement.actions
        for arn in statement.resources
    }


def used(calls: set[Call], rights: Rights) -> Rights:
    """Return the rights that calls need; a call that no right allows stands for itself."""
    return {
        next(
            ((action, arn) for action, arn in rights if action == call.action and _covers(arn, call.arn)),
            (call.action, call.arn),
        )
        for call in calls
    }


def _covers(pattern: str, arn: str) -> bool:
    return fnmatchcase(arn, pattern.replace("[", "[[]"))


def listing(rights: Rights, needed: Rights) -> list[str]:
    """Return a line for each right: whether it is allowed, whether it is used, action, ARN."""
    return [
        f"  {'allowed' if each in rights else '-':8}{'used' if each in needed else '-':5}{' '.join(each)}"
        for each in sorted(rights | needed)
    ]


def test_all_functions_are_replayed(recorded: Recording) -> None:
    registered = [each.name for each in recorded.run.all("aws:lambda/function:Function")]
    assert tuple(registered) == FUNCTIONS


def test_the_scenarios_go_every_way(recorded: Recording) -> None:
    assert {line["event"] for line in recorded.lines if "event" in line} == set(Event)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_call_is_allowed(name: str, recorded: Recording) -> None:
    policy = IAMPolicy(policy_of(name, recorded).inputs["policy"])
    for call in sorted(calls_of(name, recorded)):
        permitted = policy.is_action_permitted(call.action, call.arn)
        assert permitted is PermissionResult.PERMITTED, call


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_allowed_is_what_is_used(name: str, recorded: Recording) -> None:
    rights = allowed(policy_of(name, recorded).inputs["policy"])
    needed = used(calls_of(name, recorded), rights)
    print(f"{name}:", *listing(rights, needed), sep="\n")  # noqa: T201 - to be read with `pytest -s`
    assert rights == needed


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("stack", ["dev", "local"])
def test_other_stacks_allow_the_same_but_for_traces(stack: str, name: str, recorded: Recording) -> None:
    policy = (
        run_with_kinds(KINDS, stack=stack)
        .one("aws:iam/rolePolicy:RolePolicy", f"{name}-policy")
        .inputs["policy"]
    )
    theirs = allowed(policy.replace(f"taskguard-{stack}-", "taskguard-prod-"))
    ours = allowed(policy_of(name, recorded).inputs["policy"])
    assert ours - theirs == {(action, "*") for action in WRITES_TRACES}
    assert theirs < ours


def test_a_right_too_many_and_one_too_few_both_show(recorded: Recording) -> None:
    rights = allowed(policy_of("get-task", recorded).inputs["policy"])
    calls = calls_of("get-task", recorded)
    assert used(calls, rights | {("dynamodb:Scan", "*")}) != rights | {("dynamodb:Scan", "*")}
    fewer = {(action, arn) for action, arn in rights if action != "dynamodb:GetItem"}
    assert used(calls, fewer) != fewer
