"""Submitting through the handler: what the answer says is what table and queue hold."""

import base64
import json
from typing import Any

import pytest

from taskguard.model.clock import to_millis
from tests.support.aws_calls import failing
from tests.support.aws_in_process import System
from tests.support.events import Context, http_event
from tests.support.log_lines import documents

TASK = {"taskId": "a", "payload": {"x": 1}}


@pytest.mark.parametrize("path", ["/tasks", "/task"])
def test_a_new_task_is_recorded_queued_and_accepted(system: System, path: str) -> None:
    answer = system.submit(TASK, path)
    assert answer["statusCode"] == 202
    assert answer["headers"]["Location"] == "/tasks/a"
    assert answer["body"]["status"] == "QUEUED"
    (record,) = system.receive()
    sent = {"kind": "probe", "sentAt": to_millis(system.clock())}
    assert json.loads(record["body"]) == {"taskId": "a", "payload": {"x": 1}, "generation": 1} | sent
    assert system.record("a").payload == {"x": 1}


def test_a_task_without_an_id_gets_one(system: System) -> None:
    answer = system.submit({"payload": 1})
    assert answer["statusCode"] == 202
    assert system.record(answer["body"]["taskId"]).payload == 1


def test_a_bad_body_is_a_400_that_names_every_fault_and_writes_nothing(system: System) -> None:
    answer = system.submit({"taskId": "a b", "more": 1})
    assert answer["statusCode"] == 400
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert [fault["pointer"] for fault in answer["body"]["errors"]] == ["/more", "/taskId", "/payload"]
    assert system.receive() == []


def test_a_body_over_the_limit_is_a_413(system: System) -> None:
    answer = system.submit({"payload": "x" * 256 * 1024})
    assert (answer["statusCode"], answer["body"]["limitBytes"]) == (413, 262_144)


def test_the_same_task_again_is_a_200_with_the_present_state(system: System) -> None:
    system.submit(TASK)
    system.process(*system.receive())
    answer = system.submit(TASK)
    assert (answer["statusCode"], answer["body"]["status"]) == (200, "COMPLETED")
    assert system.receive() == []


def test_a_task_that_is_queued_and_untried_has_its_message_sent_again(system: System) -> None:
    system.submit(TASK)
    assert len(system.receive()) == 1
    assert system.submit(TASK)["statusCode"] == 200
    assert len(system.receive()) == 1


def test_the_same_id_with_another_payload_is_a_409(system: System) -> None:
    system.submit(TASK)
    answer = system.submit({"taskId": "a", "payload": {"x": 2}})
    assert (answer["statusCode"], answer["body"]["taskId"]) == (409, "a")
    assert system.record("a").payload == {"x": 1}


@pytest.mark.parametrize("operation", ["PutItem", "SendMessage"])
def test_what_aws_refuses_is_a_503_that_a_repeat_heals(system: System, operation: str) -> None:
    with failing(operation, times=1):
        answer, repeated = system.submit(TASK), system.submit(TASK)
    assert answer["statusCode"] == 503
    assert answer["headers"]["Retry-After"] == "5"
    assert answer["body"]["taskId"] == "a"
    assert repeated["statusCode"] in {200, 202}
    assert len(system.receive()) == 1


def test_a_base64_body_is_decoded(system: System) -> None:
    encoded = base64.b64encode(json.dumps(TASK).encode()).decode()
    assert system.submit(encoded, isBase64Encoded=True)["statusCode"] == 202
    assert system.submit("%%%", isBase64Encoded=True)["statusCode"] == 400


def test_the_clients_correlation_id_is_kept_and_a_bad_one_is_replaced(system: System) -> None:
    system.submit(TASK, headers={"x-correlation-id": "order-7"})
    assert system.record("a").correlation_id == "order-7"
    system.submit({"taskId": "b", "payload": 1}, headers={"x-correlation-id": "a\nb"})
    assert system.record("b").correlation_id == system.record("b").submit_id


ARN = "arn:aws:sts::123456789012:assumed-role/orders/mia@example.com"
CALLERS = {
    "a principal": ({"iam": {"userArn": ARN, "cognitoIdentity": None}}, ARN),
    "a token": ({"jwt": {"claims": {"sub": "mia", "iss": "https://i"}, "scopes": None}}, "mia"),
    "a token without a subject": ({"jwt": {"claims": {"iss": "https://i"}, "scopes": None}}, None),
    "half of a surrogate pair": ({"jwt": {"claims": {"sub": "\ud800"}}}, "?"),
    "a very long subject": ({"jwt": {"claims": {"sub": "x" * 9000}}}, "x" * 640),
    "an empty authorizer": ({"iam": None, "jwt": None}, None),
    "nobody": (None, None),
}


@pytest.mark.parametrize(("authorizer", "caller"), CALLERS.values(), ids=CALLERS)
def test_the_record_and_every_log_line_name_the_caller(
    system: System, capsys: pytest.CaptureFixture[str], authorizer: dict[str, Any] | None, caller: str | None
) -> None:
    context = {"requestId": "r-1", "authorizer": authorizer}
    assert system.submit(TASK, requestContext=context)["statusCode"] == 202
    system.submit({"tasks": [{"taskId": "b", "payload": 1}, 3]}, "/tasks/batch", requestContext=context)
    assert [system.record(task_id).submitted_by for task_id in "ab"] == [caller, caller]
    lines = [line for line in documents(capsys.readouterr().out) if "event" in line]
    assert [line["event"] for line in lines] == ["TASK_SUBMITTED", "TASK_SUBMITTED", "TASK_SUBMIT_REJECTED"]
    assert {line.get("caller") for line in lines} == {caller}


def test_who_submitted_a_task_stays_with_the_operators(system: System) -> None:
    answer = system.submit(TASK, requestContext={"requestId": "r-1", "authorizer": {"iam": {"userArn": ARN}}})
    assert ARN not in json.dumps([answer, system.get("a")])


def test_one_callers_name_does_not_stand_in_the_next_ones_lines(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    api = system.submitter
    for authorizer in ({"iam": {"userArn": ARN}}, None):
        event = http_event("POST", "/tasks", {"payload": 1})
        event["requestContext"]["authorizer"] = authorizer
        api.handle(event, Context())  # type: ignore[arg-type]
    lines = [line for line in documents(capsys.readouterr().out) if "event" in line]
    assert [line.get("caller") for line in lines] == [ARN, None]


def test_a_record_from_before_callers_were_named_is_read_as_it_stands(system: System) -> None:
    system.submit(TASK)
    system.dynamodb.update_item(
        TableName="tasks",
        Key={"taskId": {"S": "a"}},
        UpdateExpression="SET submittedBy = submitId REMOVE submitId",
    )
    assert system.record("a").submit_id is None
    assert system.submit(TASK)["statusCode"] == 200
    assert len(system.receive()) >= 1


def test_characters_that_sqs_refuses_arrive_unchanged(system: System) -> None:
    payload = "\ufffe\uffff\x00\U0001f600é"
    assert system.submit({"taskId": "a", "payload": payload})["statusCode"] == 202
    system.process(*system.receive())
    assert system.get("a")["body"]["payload"] == payload


def test_each_task_of_a_batch_gets_its_own_answer(system: System) -> None:
    system.submit({"taskId": "old", "payload": 1})
    tasks = [{"taskId": "new", "payload": 1}, {"taskId": "old", "payload": 2}, {"payload": 1, "x": 1}, 3]
    answer = system.submit({"tasks": tasks}, "/tasks/batch")
    assert answer["statusCode"] == 207
    assert [result["status"] for result in answer["body"]["results"]] == [202, 409, 400, 400]
    assert {json.loads(record["body"])["taskId"] for record in system.receive()} == {"old", "new"}


def test_one_id_twice_in_a_batch_is_one_task(system: System) -> None:
    answer = system.submit({"tasks": [TASK, TASK, {"taskId": "a", "payload": 2}]}, "/tasks/batch")
    assert [result["status"] for result in answer["body"]["results"]] == [202, 200, 409]


@pytest.mark.parametrize("body", [{}, {"tasks": []}, {"tasks": [TASK] * 26}])
def test_a_bad_batch_is_a_400(system: System, body: Any) -> None:
    assert system.submit(body, "/tasks/batch")["statusCode"] == 400
