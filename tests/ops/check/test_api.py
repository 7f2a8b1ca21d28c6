import json
from collections.abc import Callable

import httpx
import pytest

from ops.check.api import Answer, Api, connections

Handler = Callable[[httpx.Request], httpx.Response]


def _api(handler: Handler, waits: list[float], *, stopped: bool = False) -> Api:
    def sleep(seconds: float) -> bool:
        waits.append(seconds)
        return stopped

    http = connections(None, 2, local=True, transport=httpx.MockTransport(handler))
    return Api("https://api.test/$default", http, sleep)


def _in_turn(*responses: httpx.Response | Exception) -> Handler:
    left = list(responses)

    def handler(_request: httpx.Request) -> httpx.Response:
        response = left.pop(0)
        if isinstance(response, Exception):
            raise response
        return response

    return handler


def test_a_task_is_posted_with_its_id_and_payload() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, json={})

    assert _api(handler, []).submit("a-00", {"n": 1}).accepted
    assert str(seen[0].url) == "https://api.test/$default/tasks"
    assert seen[0].headers["content-type"] == "application/json"
    assert json.loads(seen[0].content) == {"taskId": "a-00", "payload": {"n": 1}}


def test_not_now_is_tried_again_after_the_time_the_server_names() -> None:
    waits: list[float] = []
    busy = (
        httpx.Response(503, headers={"retry-after": "2"}),
        httpx.Response(429, headers={"retry-after": "1"}),
    )
    answer = _api(_in_turn(*busy, httpx.Response(202)), waits).submit("a", {})
    assert (answer.accepted, answer.tries, waits) == (True, 3, [2.0, 1.0])


def test_a_lost_answer_is_tried_again_and_finding_the_task_is_then_success() -> None:
    waits: list[float] = []
    lost = httpx.ReadTimeout("timed out")
    answer = _api(_in_turn(lost, httpx.Response(200)), waits).submit("a", {})
    assert (answer.accepted, answer.existed, waits) == (True, False, [0.25])


@pytest.mark.parametrize("status", [200, 409])
def test_a_task_that_was_there_before_is_told_apart(status: int) -> None:
    answer = _api(_in_turn(httpx.Response(status)), []).submit("a", {})
    assert (answer.accepted, answer.existed) == (False, True)


def test_a_conflict_is_a_conflict_also_after_a_retry() -> None:
    answer = _api(_in_turn(httpx.Response(503), httpx.Response(409)), []).submit("a", {})
    assert (answer.accepted, answer.existed) == (False, True)


def test_a_refusal_is_not_tried_again_and_keeps_the_apis_words() -> None:
    problem = {"type": "about:blank", "title": "Too large", "status": 413, "detail": "at most 256 KiB"}
    answer = _api(_in_turn(httpx.Response(413, json=problem)), []).submit("a", {})
    assert not answer.accepted
    assert answer.detail == "413 Request Entity Too Large: Too large: at most 256 KiB"


def test_it_gives_up_after_eight_tries() -> None:
    waits: list[float] = []
    answer = _api(lambda _: httpx.Response(503), waits).submit("a", {})
    assert (answer.status_code, answer.tries, len(waits)) == (503, 8, 7)


def test_no_answer_at_all_is_said_in_words() -> None:
    def refuse(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    answer = _api(refuse, []).look_up("a")
    assert (answer.status_code, answer.tries) == (0, 3)
    assert answer.detail == "no answer (ConnectError: Connection refused)"


def test_a_stopped_run_does_not_try_again() -> None:
    answer = _api(lambda _: httpx.Response(503), [], stopped=True).submit("a", {})
    assert answer == Answer(503, "503 Service Unavailable", answer.seconds, tries=1)


def test_an_id_is_quoted_in_the_path() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(404)

    _api(handler, []).look_up("a:b/c")
    assert seen[0].url.raw_path == b"/$default/tasks/a%3Ab%2Fc"
