"""Bugs that fuzzing, or thinking about it, has found: a test for each, so that none comes back."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from taskguard.edge.requests import MAX_BATCH_BODY_BYTES, MAX_UNKNOWN_NAMED
from taskguard.model.errors import PermanentError, RetryAfter
from tests.proofs.fuzz.backend import Backend, running_backend
from tests.proofs.fuzz.campaign import Tally
from tests.proofs.fuzz.oracle import checked
from tests.support.events import http_event, sqs_record
from tests.support.log_lines import LINE_SEPARATORS, forged

BATCH = "POST /tasks/batch"
KIB = 1024


@pytest.fixture
def backend() -> Iterator[Backend]:
    with running_backend() as running:
        yield running


def _batch(backend: Backend, body: str) -> tuple[int, Any]:
    return checked(BATCH, backend.submit(http_event("POST", "/tasks/batch", body)), Tally(), "batch")


@pytest.mark.parametrize("text", ["é" * 80 * KIB, '"' * 80 * KIB, "\U0001f600" * 40 * KIB])
def test_the_answer_to_the_largest_batch_fits_lambda(backend: Backend, text: str) -> None:
    body = json.dumps({"tasks": [{"payload": text}] * 25}, ensure_ascii=False, separators=(",", ":"))
    assert MAX_BATCH_BODY_BYTES * 0.9 < len(body.encode()) <= MAX_BATCH_BODY_BYTES
    status, answer = _batch(backend, body)
    assert status == 207
    assert {result["status"] for result in answer["results"]} == {202}


def test_the_answer_to_a_batch_of_unknown_members_fits_lambda(backend: Backend) -> None:
    body = "{" + ",".join(f'"{n:x}":0' for n in range(400_000)) + "}"
    assert len(body) > MAX_BATCH_BODY_BYTES * 0.8
    status, answer = _batch(backend, body)
    assert status == 400
    assert (
        answer["errors"][MAX_UNKNOWN_NAMED]["detail"]
        == f"has {400_000 - MAX_UNKNOWN_NAMED} more members that are not known"
    )


@pytest.mark.parametrize("result", [{1: "a", "1": "b"}, json.loads("[" * 70 + "]" * 70)])
def test_a_result_that_could_not_be_read_back_is_not_kept(backend: Backend, result: Any) -> None:
    backend.work = lambda _task: result
    backend.process(backend.received("tasks", ['{"taskId":"a","payload":1}']))
    answer = backend.get(http_event("GET", "/tasks/a"))
    status, body = checked("GET /tasks/{taskId}", answer, Tally(), "read")
    assert (status, body["status"], body["lastError"]["type"]) == (200, "GIVING_UP", "PermanentError")


def test_base64_beyond_ascii_is_a_400(backend: Backend) -> None:
    event = http_event("POST", "/tasks", "é", isBase64Encoded=True)
    assert checked("POST /tasks", backend.submit(event), Tally(), "base64")[0] == 400


@pytest.mark.parametrize("task_id", [".", ".."])
def test_an_id_that_no_path_can_carry_is_refused(backend: Backend, task_id: str) -> None:
    event = http_event("POST", "/tasks", {"taskId": task_id, "payload": 1})
    assert checked("POST /tasks", backend.submit(event), Tally(), "dots")[0] == 400


@pytest.mark.parametrize(
    ("seconds", "event"),
    [
        (1e9, "TASK_EXHAUSTED"),
        (float("inf"), "TASK_EXHAUSTED"),
        (float("nan"), "TASK_POSTPONED"),
        (-1e9, "TASK_POSTPONED"),
    ],
)
def test_work_may_ask_for_any_wait(backend: Backend, seconds: float, event: str) -> None:
    backend.work = _raising(RetryAfter(seconds))
    backend.process(backend.received("tasks", ['{"taskId":"a","payload":1}']))
    assert [line["event"] for line in backend.log.take()] == ["TASK_STARTED", event]


def test_an_error_with_half_of_a_surrogate_pair_is_logged(backend: Backend) -> None:
    backend.work = _raising(ValueError("\ud800 é"))
    backend.process(backend.received("tasks", ['{"taskId":"a","payload":1}']))
    started, retry = backend.log.take()
    assert (started["event"], retry["event"]) == ("TASK_STARTED", "TASK_RETRY")
    assert "ValueError: ? é" in retry["exception"]


@pytest.mark.parametrize("separator", LINE_SEPARATORS, ids=ascii)
def test_no_text_of_a_caller_cuts_a_log_line_or_forges_one(backend: Backend, separator: str) -> None:
    text = forged(separator)
    odd = {
        "headers": {"x-correlation-id": text},
        "requestContext": {"requestId": text, "authorizer": {"jwt": {"claims": {"sub": text}}}},
    }
    backend.submit(http_event("POST", "/tasks", {"taskId": "a", "payload": {text: text}}, **odd))
    backend.submit(http_event("POST", "/tasks", {text: text}))
    backend.get(http_event("GET", "/tasks/a") | {"pathParameters": {"taskId": text}})
    backend.work = _raising(PermanentError(text))
    backend.process(backend.receive("tasks"))
    (junk,) = backend.received("tasks", ["no task"])
    backend.process([junk | {"body": text, "messageId": text}])
    backend.bury(backend.receive("dead-letters"))
    backend.bury([sqs_record(text, messageId=text)])
    lines = backend.log.take()
    assert {line.get("taskId") for line in lines} == {None, "a", text, f"unreadable:{text}"}
    assert [line["event"] for line in lines] == [
        "TASK_SUBMITTED",
        "TASK_SUBMIT_REJECTED",
        "TASK_READ",
        "TASK_STARTED",
        "TASK_GIVEN_UP",
        "MESSAGE_UNREADABLE",
        "TASK_DEAD_LETTER",
        "TASK_DEAD_LETTER",
    ]
    assert (lines[0]["correlationId"], lines[0]["caller"]) == (text, text)
    assert lines[5]["messageId"] == text
    assert text in lines[4]["exception"]
    assert (lines[6]["lastError"]["message"], json.loads(lines[7]["payload"])) == (text, text)


def _raising(error: Exception) -> Callable[[object], None]:
    def work(_task: object) -> None:
        raise error

    return work
