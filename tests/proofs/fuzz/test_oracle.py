"""openapi.yaml is valid, has the routes that are deployed, and describes what the handlers answer."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from taskguard.edge.requests import MAX_BATCH_BODY_BYTES, MAX_BATCH_TASKS, MAX_BODY_BYTES
from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.record import ATTEMPTS_KEPT, MAX_ERROR_BYTES, Status, is_task_id
from tests.proofs.fuzz import oracle
from tests.proofs.fuzz.backend import Backend, running_backend
from tests.support.aws_in_process import TABLE
from tests.support.config import stack_needs
from tests.support.events import http_event, sqs_record

TASK = {"taskId": "a", "payload": {"x": 1}}


@pytest.fixture
def backend() -> Iterator[Backend]:
    with running_backend() as running:
        yield running


def _judged(answer: dict[str, Any], route: str, status: int) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer["body"])
    assert answer["statusCode"] == status, body
    assert oracle.faults(route, answer, body) == []
    return body


def test_the_document_is_valid_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(oracle.document()).iter_errors()) == []


def test_its_routes_are_those_that_are_deployed() -> None:
    deployed = stack_needs("dev").values()
    assert oracle.routes() == {route for function in deployed for route in function.routes}


def test_its_routes_are_those_that_the_functions_answer(backend: Backend) -> None:
    pairs = (route.split(" ") for route in oracle.routes())
    methods, paths = zip(*pairs, strict=True)
    candidates = {f"{method} {path}" for method in {*methods, "DELETE"} for path in {*paths, "/"}}
    assert oracle.routes() == {route for route in candidates if _is_answered(backend, route)}


def _is_answered(backend: Backend, route: str) -> bool:
    method, path = route.split(" ")
    event = http_event(method, path, {}) | {"routeKey": route}
    answers = [json.loads(function(event)["body"]) for function in (backend.submit, backend.get)]
    return any(answer.get("type") != "urn:taskguard:problem:unknown-route" for answer in answers)


def test_its_limits_are_those_of_the_code() -> None:
    schemas = oracle.document()["components"]["schemas"]
    assert schemas["Batch"]["properties"]["tasks"]["maxItems"] == MAX_BATCH_TASKS
    assert schemas["TooLarge"]["properties"]["limitBytes"]["enum"] == [MAX_BODY_BYTES, MAX_BATCH_BODY_BYTES]


@pytest.mark.parametrize("task_id", ["a", "A-1_b.c:d", "x" * 128, "...", ".", "..", "", "x" * 129, "a b"])
def test_its_rule_for_ids_is_that_of_the_code(task_id: str) -> None:
    assert (oracle.schema_faults("TaskId", task_id) == []) is is_task_id(task_id)


def test_its_examples_fulfil_its_schemas() -> None:
    contents = list(_contents(oracle.document()))
    assert len(contents) >= 3
    for content in contents:
        name = content["schema"]["$ref"].rsplit("/", 1)[-1]
        for example in content["examples"].values():
            assert oracle.schema_faults(name, example["value"]) == []


def test_a_judge_that_is_shown_a_wrong_answer_says_so() -> None:
    answer = {"statusCode": 202, "headers": {"Content-Type": "application/json"}}
    assert len(oracle.faults("POST /tasks", answer, {"taskId": "a b", "more": 1})) >= 3
    assert oracle.faults("POST /tasks", answer | {"statusCode": 500}, {}) != []
    assert oracle.faults("POST /tasks", answer | {"headers": {"Content-Type": "text/html"}}, {}) != []


@pytest.mark.parametrize("path", ["/tasks", "/task"])
def test_answers_to_one_task_are_as_described(backend: Backend, path: str) -> None:
    route = f"POST {path}"
    _judged(backend.submit(http_event("POST", path, TASK)), route, 202)
    _judged(backend.submit(http_event("POST", path, TASK)), route, 200)
    _judged(backend.submit(http_event("POST", path, TASK | {"payload": 2})), route, 409)
    _judged(backend.submit(http_event("POST", path, {"taskId": "a b", "x": 1})), route, 400)
    _judged(backend.submit(http_event("POST", path, "x" * (MAX_BODY_BYTES + 1))), route, 413)
    backend.delete_table()
    _judged(backend.submit(http_event("POST", path, TASK)), route, 503)


def test_answers_to_a_batch_are_as_described(backend: Backend) -> None:
    route, path = "POST /tasks/batch", "/tasks/batch"
    tasks = [TASK, TASK | {"taskId": "b"}, {"payload": [1e15] * 20_000}, 3]
    backend.submit(http_event("POST", "/tasks", {"taskId": "b", "payload": 2}))
    body = _judged(backend.submit(http_event("POST", path, {"tasks": tasks})), route, 207)
    assert [result["status"] for result in body["results"]] == [202, 409, 413, 400]
    _judged(backend.submit(http_event("POST", path, {"tasks": []})), route, 400)
    _judged(backend.submit(http_event("POST", path, "x" * (MAX_BATCH_BODY_BYTES + 1))), route, 413)
    backend.delete_table()
    body = _judged(backend.submit(http_event("POST", path, {"tasks": [TASK]})), route, 207)
    assert body["results"][0]["status"] == 503


@pytest.mark.parametrize("name", ["tasks", "task"])
def test_answers_about_a_task_are_as_described(backend: Backend, name: str) -> None:
    route = f"GET /{name}/{{taskId}}"
    backend.submit(http_event("POST", "/tasks", TASK))
    _judged(backend.get(http_event("GET", f"/{name}/a")), route, 200)
    _judged(backend.get(http_event("GET", f"/{name}/b")), route, 404)
    backend.delete_table()
    _judged(backend.get(http_event("GET", f"/{name}/a")), route, 503)


def test_a_task_is_as_described_in_every_state(backend: Backend) -> None:
    backend.submit(http_event("POST", "/tasks", TASK))
    assert _assert_shown(backend)["status"] == "QUEUED"
    backend.work = _raising(ValueError("no luck"))
    backend.process(backend.receive("tasks"))
    assert _assert_shown(backend)["status"] == "RETRYING"
    backend.bury(backend.received("dead-letters", [json.dumps(TASK)]))
    assert _assert_shown(backend)["status"] == "DEAD_LETTERED"
    backend.work = lambda _task: {"done": _assert_shown(backend)["status"]}
    backend.process(backend.received("tasks", [json.dumps(TASK | {"generation": 2})]))
    shown = _assert_shown(backend)
    assert (shown["status"], shown["result"]) == ("COMPLETED", {"done": "PROCESSING"})


def test_a_postponed_task_is_as_described(backend: Backend) -> None:
    backend.submit(http_event("POST", "/tasks", TASK))
    backend.work = _raising(RetryAfter(0, "not yet"))
    for _ in range(2):
        backend.process(backend.take_queued())
        _let_it_begin_now(backend)
    (attempt,) = (shown := _assert_shown(backend))["attempts"]
    assert (shown["status"], shown["attemptCount"]) == ("RETRYING", 2)
    assert (attempt["outcome"], attempt["times"]) == ("POSTPONED", 2)


def _let_it_begin_now(backend: Backend) -> None:
    backend.system.dynamodb.update_item(
        TableName=TABLE, Key={"taskId": {"S": "a"}}, UpdateExpression="REMOVE notBefore"
    )


def test_a_task_that_was_given_up_and_ended_by_a_person_is_as_described(backend: Backend) -> None:
    backend.submit(http_event("POST", "/tasks", TASK))
    backend.work = _raising(PermanentError("never"))
    backend.process(backend.receive("tasks"))
    assert _assert_shown(backend)["status"] == "GIVING_UP"
    backend.bury(backend.receive("dead-letters"))
    assert _assert_shown(backend)["status"] == "DEAD_LETTERED"
    assert backend.system.redriver.discard(backend.system.record("a"), "the customer has gone")
    shown = _assert_shown(backend)
    assert (shown["status"], shown["cancelReason"]) == ("CANCELLED", "the customer has gone")


def test_its_states_are_those_of_the_code() -> None:
    assert oracle.document()["components"]["schemas"]["Status"]["enum"] == list(Status)


def test_the_longest_history_is_as_described(backend: Backend) -> None:
    backend.work = _raising(ValueError("x" * 2 * MAX_ERROR_BYTES))
    for generation in range(1, ATTEMPTS_KEPT + 5):
        # Not through the queue, which would deliver an earlier one again while this goes on.
        backend.process([sqs_record(TASK | {"generation": generation})])
    shown = _assert_shown(backend)
    assert len(shown["attempts"]) == ATTEMPTS_KEPT
    assert shown["attemptCount"] == shown["attempts"][-1]["number"] == ATTEMPTS_KEPT + 4


def _assert_shown(backend: Backend) -> dict[str, Any]:
    return _judged(backend.get(http_event("GET", "/tasks/a")), "GET /tasks/{taskId}", 200)


def _raising(error: Exception) -> Callable[[object], None]:
    def work(_task: object) -> None:
        raise error

    return work


def _contents(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every media type of the document that has examples."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    if isinstance(node, dict) and "examples" in node and "schema" in node:
        yield node
    for child in children:
        yield from _contents(child)
