"""The HTTP API as its client sees it: submitting and looking up tasks, authorization, retries."""

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from ops.check.plan import AuthMode

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

    from ops.stack.aws import Aws

# The gateway's and the function's ways to say "not now", and 0 for no answer. Submitting is idempotent:
# repeating it is safe.
_TRANSIENT = frozenset({0, 429, 500, 502, 503, 504})
_LOOK_UP_TRIES = 3
_SUBMIT_TRIES = 8
_FIRST_WAIT_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 30.0
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)  # API Gateway itself gives up after 30 s


@dataclass(frozen=True)
class ApiAnswer:
    """What the API answered in the end.

    Attributes
    ----------
    status_code
        HTTP status, or 0 if there was no answer.
    detail
        What the API or the network said, for the user.
    seconds
        From sending the last request until it was answered.
    tries
        How many requests were sent.
    """

    status_code: int
    detail: str
    seconds: float
    tries: int

    @property
    def accepted(self) -> bool:
        """The API has taken the task: now (202), or in an earlier try whose answer failed or got lost."""
        return self.status_code == HTTPStatus.ACCEPTED or (
            self.status_code == HTTPStatus.OK and self.tries > 1
        )

    @property
    def existed(self) -> bool:
        """The id belongs to a task that was there before."""
        return self.status_code == HTTPStatus.CONFLICT or (
            self.status_code == HTTPStatus.OK and not self.accepted
        )


class Api:
    """A client of the API; many threads can share one.

    Parameters
    ----------
    endpoint
        The stack output `apiEndpoint`.
    http
        The connections and their authorization; see `connections`.
    sleep
        Waits some seconds before a retry; returns True if the check was stopped meanwhile.
    """

    def __init__(self, endpoint: str, http: httpx.Client, sleep: Callable[[float], bool]) -> None:
        self._endpoint = endpoint
        self._http = http
        self._sleep = sleep

    def look_up(self, task_id: str) -> ApiAnswer:
        """Ask for a task; tried three times."""
        return self._ask(
            self._http.build_request("GET", f"{self._endpoint}/tasks/{quote(task_id, safe='')}"),
            _LOOK_UP_TRIES,
        )

    def submit(self, task_id: str, kind: str, payload: Mapping[str, Any]) -> ApiAnswer:
        """Submit a task; tried eight times while the answer is "not now" or there is none."""
        body = json.dumps({"taskId": task_id, "kind": kind, "payload": payload}).encode()
        headers = {"content-type": "application/json"}
        request = self._http.build_request("POST", f"{self._endpoint}/tasks", content=body, headers=headers)
        return self._ask(request, _SUBMIT_TRIES)

    def _ask(self, request: httpx.Request, most_tries: int) -> ApiAnswer:
        for tries in range(1, most_tries):
            answer, headers = self._send(request, tries)
            if answer.status_code not in _TRANSIENT:
                return answer
            if self._sleep(wait_before_retry(tries, headers, datetime.now(UTC))):
                return answer
        return self._send(request, most_tries)[0]

    def _send(self, request: httpx.Request, tries: int) -> tuple[ApiAnswer, Mapping[str, str]]:
        began = perf_counter()
        try:
            response = self._http.send(request)
        except httpx.TransportError as error:
            return ApiAnswer(0, f"no answer ({type(error).__name__}: {error})", 0.0, tries), {}
        seconds = perf_counter() - began
        return ApiAnswer(response.status_code, _problem_of(response), seconds, tries), response.headers


def wait_before_retry(tries: int, headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds to wait: what `Retry-After` says, else 0.25, 0.5, 1, ...; 30 at most.

    Parameters
    ----------
    tries
        How often the request has been sent, from 1.
    headers
        The answer's headers, names in lower case; empty if there was no answer.
    now
        The present time, for a `Retry-After` that is a date (RFC 9110, section 10.2.3).
    """
    asked = _retry_after(headers.get("retry-after", ""), now)
    wait = _FIRST_WAIT_SECONDS * 2 ** (tries - 1) if asked is None else asked
    return min(max(wait, 0.0), _LONGEST_WAIT_SECONDS)


def _retry_after(text: str, now: datetime) -> float | None:
    if text.strip().isdigit():
        return float(text)
    try:
        return (parsedate_to_datetime(text) - now).total_seconds()
    except (TypeError, ValueError):
        return None


def _problem_of(response: httpx.Response) -> str:
    """Write an answer in one line: its status, and the title and detail of a problem if it has one."""
    try:
        document = response.json()
    except ValueError:
        document = None
    known = document if isinstance(document, dict) else {}
    words = [str(known[key]) for key in ("title", "detail", "message") if known.get(key)]
    return ": ".join([f"{response.status_code} {response.reason_phrase}".strip(), *words])


def connections(
    auth: httpx.Auth | None, clients: int, *, local: bool, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """Return the connections to the API.

    Parameters
    ----------
    auth
        How requests are authorized.
    clients
        The most connections at a time.
    local
        The API is on this machine: no proxy is used.
    transport
        Replaces the network in tests.
    """
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    return httpx.Client(auth=auth, timeout=_TIMEOUT, limits=limits, transport=transport, trust_env=not local)


def authorization(kind: AuthMode, token: str | None, aws: "Aws") -> httpx.Auth | None:
    """Return how to authorize requests; `token` is as `ops.check.plan.checked_token` returns it."""
    if kind is AuthMode.IAM:
        return SignedByIam(aws.credentials, aws.outputs.region)
    return BearerToken(token) if token else None


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
        """Add the signature; a retry comes through here again and gets a new one."""
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
