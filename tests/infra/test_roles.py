"""The functions' roles: each may do exactly what its function does, and only Lambda may assume it."""

import json
from typing import Any

import pytest

from tests.infra.expected import (
    DEAD_LETTER_QUEUE_ARN,
    FUNCTIONS,
    TABLE_ARN,
    TASK_QUEUE_ARN,
    log_group_arn,
)
from tests.support.program import ProgramRun

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


def test_submit_task_may_put_a_record_and_send_its_message(dev: ProgramRun) -> None:
    assert statements(dev, "submit-task") == [
        allow("UseTable", ["dynamodb:PutItem"], TABLE_ARN),
        allow("UseTaskQueue", ["sqs:SendMessage"], TASK_QUEUE_ARN),
        own_log("submit-task"),
    ]


def test_get_task_may_get_a_record(dev: ProgramRun) -> None:
    assert statements(dev, "get-task") == [
        allow("UseTable", ["dynamodb:GetItem"], TABLE_ARN),
        own_log("get-task"),
    ]


def test_process_task_may_update_records_consume_tasks_and_send_dead_letters(dev: ProgramRun) -> None:
    assert statements(dev, "process-task") == [
        allow("UseTable", ["dynamodb:UpdateItem"], TABLE_ARN),
        allow("UseTaskQueue", CONSUME, TASK_QUEUE_ARN),
        allow("UseDeadLetterQueue", ["sqs:SendMessage"], DEAD_LETTER_QUEUE_ARN),
        own_log("process-task"),
    ]


def test_monitor_dlq_may_read_and_update_records_and_consume_dead_letters(dev: ProgramRun) -> None:
    assert statements(dev, "monitor-dlq") == [
        allow("UseTable", ["dynamodb:GetItem", "dynamodb:UpdateItem"], TABLE_ARN),
        allow("UseDeadLetterQueue", CONSUME, DEAD_LETTER_QUEUE_ARN),
        own_log("monitor-dlq"),
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


def test_there_are_no_other_roles_and_no_managed_policies(dev: ProgramRun) -> None:
    kinds = [each.type for each in dev.resources if each.type.startswith("aws:iam/")]
    assert sorted(kinds) == ["aws:iam/role:Role"] * 4 + ["aws:iam/rolePolicy:RolePolicy"] * 4
    assert not any("managedPolicyArns" in each.inputs for each in dev.all("aws:iam/role:Role"))
