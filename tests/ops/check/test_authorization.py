import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ops.check.api import connections
from ops.check.authorization import SignedByIam, authorization
from ops.check.plan import ApiAuth, checked_token
from ops.errors import UsageError
from tests.ops.moto_stack import MotoStack

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
    assert _sent(authorization(ApiAuth.JWT, "abc", stack.aws)).headers["authorization"] == "Bearer abc"


def test_none_sends_nothing(stack: MotoStack) -> None:
    assert "authorization" not in _sent(authorization(ApiAuth.NONE, None, stack.aws)).headers


def test_iam_uses_the_sessions_credentials(stack: MotoStack) -> None:
    sent = _sent(authorization(ApiAuth.IAM, None, stack.aws))
    assert f"Credential={stack.aws.credentials().access_key}/" in sent.headers["authorization"]


@pytest.mark.parametrize(
    ("kind", "token"), [(ApiAuth.JWT, None), (ApiAuth.NONE, "abc"), (ApiAuth.IAM, "abc")]
)
def test_a_token_and_jwt_belong_together(kind: ApiAuth, token: str | None) -> None:
    with pytest.raises(UsageError, match="belong together"):
        checked_token(kind, token)
