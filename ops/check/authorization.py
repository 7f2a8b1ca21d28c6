"""How requests to the API are authorized: not at all, by SigV4 signature, or by a bearer token."""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from ops.check.plan import ApiAuth

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

    from ops.stack.aws import Aws


class SignedByIam(httpx.Auth):
    """Signs each request with AWS Signature Version 4 for API Gateway (service `execute-api`).

    See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html.

    Parameters
    ----------
    credentials
        Called for every request, because temporary credentials change during a long run.
    region
        The API's region.
    """

    requires_request_body = True

    def __init__(self, credentials: "Callable[[], ReadOnlyCredentials]", region: str) -> None:
        self._credentials = credentials
        self._region = region

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the signature; a retry comes through here again and is signed anew."""
        kept = {name: request.headers[name] for name in ("host", "content-type") if name in request.headers}
        signed = AWSRequest(request.method, str(request.url), headers=kept, data=request.content)
        SigV4Auth(self._credentials(), "execute-api", self._region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        yield request


class BearerToken(httpx.Auth):
    """Sends a JSON Web Token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token."""
        request.headers["authorization"] = f"Bearer {self._token}"
        yield request


def authorization(kind: ApiAuth, token: str | None, aws: "Aws") -> httpx.Auth | None:
    """Choose how to authorize; the token is that of `checked_token`."""
    if kind is ApiAuth.IAM:
        return SignedByIam(aws.credentials, aws.outputs.region)
    return BearerToken(token) if token else None
