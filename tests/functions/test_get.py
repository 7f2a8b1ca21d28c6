import pytest
from botocore.exceptions import EndpointConnectionError

from tests.support.aws_calls import failing
from tests.support.aws_in_process import System
from tests.support.events import Context, http_event


@pytest.mark.parametrize("path", ["/tasks/a", "/task/a"])
def test_a_task_is_shown_as_the_record_has_it(system: System, path: str) -> None:
    system.submit({"taskId": "a", "payload": None})
    answer = system.getter.handle(http_event("GET", path), Context())  # type: ignore[arg-type]
    assert answer["statusCode"] == 200
    assert system.get("a")["body"]["payload"] is None


def test_the_result_is_shown_once_the_task_is_completed(system: System) -> None:
    system.submit({"taskId": "a", "payload": 1})
    assert "result" not in system.get("a")["body"]
    system.process(*system.receive())
    body = system.get("a")["body"]
    assert (body["status"], body["result"]["bytes"]) == ("COMPLETED", 1)
    assert [attempt["outcome"] for attempt in body["attempts"]] == ["COMPLETED"]


@pytest.mark.parametrize("task_id", ["unknown", "a b", "x" * 200, "é", "%00"])
def test_an_unknown_or_impossible_id_is_a_404(system: System, task_id: str) -> None:
    answer = system.get(task_id)
    assert answer["statusCode"] == 404
    assert answer["body"]["status"] == 404


def test_a_table_that_cannot_be_read_is_a_503(system: System) -> None:
    with failing("GetItem", EndpointConnectionError(endpoint_url="https://dynamodb")):
        answer = system.get("a")
    assert answer["statusCode"] == 503
    assert answer["headers"]["Retry-After"] == "5"
