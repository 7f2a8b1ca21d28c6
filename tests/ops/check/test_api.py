import json
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ops.check.api import Api, ApiAnswer, SignedByIam, authorization, connections, wait_before_retry
from ops.check.plan import AuthMode, checked_token
from ops.errors import UsageError
from tests.ops.moto_stack import MotoStack

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


def test_a_task_is_posted_with_its_id_kind_and_payload() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, json={})

    assert _api(handler, []).submit("a-00", "probe", {"n": 1}).accepted
    assert str(seen[0].url) == "https://api.test/$default/tasks"
    assert seen[0].headers["content-type"] == "application/json"
    assert json.loads(seen[0].content) == {"taskId": "a-00", "kind": "probe", "payload": {"n": 1}}


def test_not_now_is_tried_again_after_the_time_the_server_names() -> None:
    waits: list[float] = []
    busy = (
        httpx.Response(503, headers={"retry-after": "2"}),
        httpx.Response(429, headers={"retry-after": "1"}),
    )
    answer = _api(_in_turn(*busy, httpx.Response(202)), waits).submit("a", "probe", {})
    assert (answer.accepted, answer.tries, waits) == (True, 3, [2.0, 1.0])


def test_a_lost_answer_is_tried_again_and_finding_the_task_is_then_success() -> None:
    waits: list[float] = []
    lost = httpx.ReadTimeout("timed out")
    answer = _api(_in_turn(lost, httpx.Response(200)), waits).submit("a", "probe", {})
    assert (answer.accepted, answer.existed, waits) == (True, False, [0.25])


@pytest.mark.parametrize("status", [200, 409])
def test_a_task_that_was_there_before_is_told_apart(status: int) -> None:
    answer = _api(_in_turn(httpx.Response(status)), []).submit("a", "probe", {})
    assert (answer.accepted, answer.existed) == (False, True)


def test_a_conflict_is_a_conflict_also_after_a_retry() -> None:
    answer = _api(_in_turn(httpx.Response(503), httpx.Response(409)), []).submit("a", "probe", {})
    assert (answer.accepted, answer.existed) == (False, True)


def test_a_refusal_is_not_tried_again_and_keeps_the_apis_words() -> None:
    problem = {"type": "about:blank", "title": "Too large", "status": 413, "detail": "at most 256 KiB"}
    answer = _api(_in_turn(httpx.Response(413, json=problem)), []).submit("a", "probe", {})
    assert not answer.accepted
    assert answer.detail == "413 Request Entity Too Large: Too large: at most 256 KiB"


def test_it_gives_up_after_eight_tries() -> None:
    waits: list[float] = []
    answer = _api(lambda _: httpx.Response(503), waits).submit("a", "probe", {})
    assert (answer.status_code, answer.tries, len(waits)) == (503, 8, 7)


def test_no_answer_at_all_is_said_in_words() -> None:
    def refuse(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    answer = _api(refuse, []).look_up("a")
    assert (answer.status_code, answer.tries) == (0, 3)
    assert answer.detail == "no answer (ConnectError: Connection refused)"


def test_a_stopped_run_does_not_try_again() -> None:
    answer = _api(lambda _: httpx.Response(503), [], stopped=True).submit("a", "probe", {})
    assert answer == ApiAnswer(503, "503 Service Unavailable", answer.seconds, tries=1)


def test_an_id_is_quoted_in_the_path() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(404)

    _api(handler, []).look_up("a:b/c")
    assert seen[0].url.raw_path == b"/$default/tasks/a%3Ab%2Fc"


NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tries", "retry_after", "seconds"),
    [
        (1, None, 0.25),
        (2, None, 0.5),
        (4, None, 2.0),
        (20, None, 30.0),
        (5, "2", 2.0),
        (1, "0", 0.0),
        (1, "3600", 30.0),
        (1, "Sat, 21 Nov 2026 12:00:07 GMT", 7.0),
        (1, "Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        (1, "soon", 0.25),
    ],
)
def test_the_wait_doubles_unless_the_server_names_one(
    tries: int, retry_after: str | None, seconds: float
) -> None:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    assert wait_before_retry(tries, headers, NOW) == seconds


CREDENTIALS = Credentials("AKID", "secret", "session").get_frozen_credentials()
BODY = b'{"taskId": "a"}'


def _sent(auth: httpx.Auth | None) -> httpx.Request:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202)

    with connections(auth, 1, local=True, transport=httpx.MockTransport(handler)) as http:
        http.post("https://api.test/tasks", content=BODY, headers={"content-type": "application/json"})
    return seen[0]


def test_iam_signs_host_body_and_session_for_execute_api() -> None:
    sent = _sent(SignedByIam(lambda: CREDENTIALS, "eu-central-1"))
    assert "/eu-central-1/execute-api/aws4_request, " in sent.headers["authorization"]
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token" in sent.headers["authorization"]
    assert sent.headers["authorization"].endswith(f"Signature={_signature(sent, BODY)}")


def _signature(sent: httpx.Request, body: bytes) -> str:
    """Compute the signature of the request as it went out, at the time that it names, for this body."""
    signer = SigV4Auth(CREDENTIALS, "execute-api", "eu-central-1")
    names = ("content-type", "host", "x-amz-date", "x-amz-security-token")
    again = AWSRequest("POST", str(sent.url), headers={name: sent.headers[name] for name in names}, data=body)
    again.context["timestamp"] = sent.headers["x-amz-date"]
    return str(signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again))


def test_the_signature_covers_the_body() -> None:
    sent = _sent(SignedByIam(lambda: CREDENTIALS, "eu-central-1"))
    assert not sent.headers["authorization"].endswith(_signature(sent, b"{}"))


def test_jwt_sends_the_token(stack: MotoStack) -> None:
    assert _sent(authorization(AuthMode.JWT, "abc", stack.aws)).headers["authorization"] == "Bearer abc"


def test_none_sends_nothing(stack: MotoStack) -> None:
    assert "authorization" not in _sent(authorization(AuthMode.NONE, None, stack.aws)).headers


def test_iam_uses_the_sessions_credentials(stack: MotoStack) -> None:
    sent = _sent(authorization(AuthMode.IAM, None, stack.aws))
    assert f"Credential={stack.aws.credentials().access_key}/" in sent.headers["authorization"]


@pytest.mark.parametrize(
    ("kind", "token"), [(AuthMode.JWT, None), (AuthMode.NONE, "abc"), (AuthMode.IAM, "abc")]
)
def test_a_token_and_jwt_belong_together(kind: AuthMode, token: str | None) -> None:
    with pytest.raises(UsageError, match="belong together"):
        checked_token(kind, token)
