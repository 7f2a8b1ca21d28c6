"""The functions' roles: each may do exactly what its function does, and only Lambda may assume it."""

import json
from typing import Any

import pytest

from local.project import load_stack_config
from tests.infra.expected import (
    DEAD_LETTER_INDEX_ARN,
    DEAD_LETTER_QUEUE_ARN,
    DUE_INDEX_ARN,
    FUNCTIONS,
    TABLE_ARN,
    TASK_QUEUE_ARN,
    log_group_arn,
)
from tests.support.program import ProgramRun, run_program, run_with_config

CONSUME = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]


def allow(sid: str, actions: list[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def own_log(function: str) -> dict[str, Any]:
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    return allow("WriteOwnLog", actions, f"{log_group_arn(function)}:*")


def statements(run: ProgramRun, function: str) -> list[dict[str, Any]]:
    policy = run.one("aws:iam/rolePolicy:RolePolicy", f"{function}-policy").json("policy")
    assert policy["Version"] == "2012-10-17"
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def test_submit_task_may_put_and_update_a_record_and_send_its_message(dev: ProgramRun) -> None:
    assert statements(dev, "submit-task") == [
        allow("UseTable", ["dynamodb:PutItem", "dynamodb:UpdateItem"], TABLE_ARN),
        allow("UseTaskQueue", ["sqs:SendMessage"], TASK_QUEUE_ARN),
        own_log("submit-task"),
    ]


def test_get_task_may_get_a_record(dev: ProgramRun) -> None:
    assert statements(dev, "get-task") == [
        allow("UseTable", ["dynamodb:GetItem"], TABLE_ARN),
        own_log("get-task"),
    ]


def test_process_task_may_put_and_update_records_consume_and_send_tasks_and_send_dead_letters(
    dev: ProgramRun,
) -> None:
    assert statements(dev, "process-task") == [
        allow("UseTable", ["dynamodb:PutItem", "dynamodb:UpdateItem"], TABLE_ARN),
        allow("UseTaskQueue", [*CONSUME, "sqs:SendMessage"], TASK_QUEUE_ARN),
        allow("UseDeadLetterQueue", ["sqs:SendMessage"], DEAD_LETTER_QUEUE_ARN),
        own_log("process-task"),
    ]


def test_monitor_dlq_may_read_and_update_records_and_consume_dead_letters(dev: ProgramRun) -> None:
    assert statements(dev, "monitor-dlq") == [
        allow("UseTable", ["dynamodb:GetItem", "dynamodb:UpdateItem"], TABLE_ARN),
        allow("UseDeadLetterQueue", CONSUME, DEAD_LETTER_QUEUE_ARN),
        own_log("monitor-dlq"),
    ]


def test_wake_tasks_may_read_and_update_records_query_two_indexes_and_send_to_both_queues(
    dev: ProgramRun,
) -> None:
    records = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem"]
    assert statements(dev, "wake-tasks") == [
        allow("UseTable", records, TABLE_ARN),
        allow("UseDeadLetterIndex", ["dynamodb:Query"], DEAD_LETTER_INDEX_ARN),
        allow("UseDueIndex", ["dynamodb:Query"], DUE_INDEX_ARN),
        allow("UseTaskQueue", ["sqs:SendMessage"], TASK_QUEUE_ARN),
        allow("UseDeadLetterQueue", ["sqs:SendMessage"], DEAD_LETTER_QUEUE_ARN),
        own_log("wake-tasks"),
    ]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_may_create_log_groups(dev: ProgramRun, function: str) -> None:
    assert "logs:CreateLogGroup" not in json.dumps(statements(dev, function))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_traces_are_allowed_only_when_tracing_is_on(
    dev: ProgramRun, tuned: ProgramRun, function: str
) -> None:
    trace = allow("WriteTraces", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*")
    assert statements(tuned, function) == [*statements(dev, function), trace]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_has_a_role_of_its_own_that_only_lambda_may_assume(
    dev: ProgramRun, function: str
) -> None:
    role = dev.one("aws:iam/role:Role", f"{function}-role")
    (trust,) = role.json("assumeRolePolicy")["Statement"]
    assert trust == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    name = f"taskguard-dev-{function}"
    assert role.inputs["name"] == name
    assert dev.one("aws:iam/rolePolicy:RolePolicy", f"{function}-policy").inputs["role"] == name
    assert dev.one("aws:lambda/function:Function", function).inputs["role"].endswith(f":role/{name}")


def names_in_the_whole_account(run: ProgramRun) -> set[str]:
    roles = {each.inputs["name"] for each in run.all("aws:iam/role:Role")}
    return roles | {each.inputs["dashboardName"] for each in run.all("aws:cloudwatch/dashboard:Dashboard")}


def test_one_stack_name_can_be_used_in_two_regions_of_an_account(dev: ProgramRun) -> None:
    second = run_program("dev", {"globalNameSuffix": "eu-west-1"})
    there = names_in_the_whole_account(second)
    assert there == {f"{name}-eu-west-1" for name in names_in_the_whole_account(dev)}
    for policy in second.all("aws:iam/rolePolicy:RolePolicy"):
        assert policy.inputs["role"] in there
    for function in FUNCTIONS:
        role = second.one("aws:lambda/function:Function", function).inputs["role"]
        assert role.split(":role/")[1] in there
    assert second.exports["dashboardUrl"].endswith("taskguard-dev-eu-west-1")


def test_the_longest_names_of_roles_are_within_iams_limit() -> None:
    for stack, suffix in (("x" * 30, ""), ("x" * 15, "ap-southeast-2")):
        run = run_with_config(stack, load_stack_config("dev", {"globalNameSuffix": suffix}))
        assert max(map(len, names_in_the_whole_account(run))) <= 64


def test_there_are_no_other_roles_but_the_schedulers_and_no_managed_policies(dev: ProgramRun) -> None:
    roles = [*(f"{function}-role" for function in FUNCTIONS), "wake-tasks-schedules-role"]
    assert [each.name for each in dev.all("aws:iam/role:Role")] == sorted(roles)
    kinds = [each.type for each in dev.resources if each.type.startswith("aws:iam/")]
    assert sorted(kinds) == ["aws:iam/role:Role"] * 6 + ["aws:iam/rolePolicy:RolePolicy"] * 6
    assert not any("managedPolicyArns" in each.inputs for each in dev.all("aws:iam/role:Role"))
