"""The fault injector inside a function's worker, and a journal that outlives the worker.

Python imports a module of this name by itself when it starts (https://docs.python.org/3/library/site.html).
The functions find it through a PYTHONPATH in their environment; their code stays what it is.

The folder in CHAOS_FOLDER holds the journal: `calls-FUNCTION-PID`, one line an AWS call (what was done to it,
service, operation), and `lines-FUNCTION-PID`, what the function wrote. Both are appended to by single writes,
which the system keeps when the process is killed; the emulator drops the last lines of a worker that dies.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

KINDS = ("refused", "lost", "repeated", "late")
"""The call never reaches AWS; takes effect, but its answer is lost; is repeated by the SDK; is late."""

LONGEST_DELAY_SECONDS = 0.6


class Journal:
    """A file that is appended to, a line at a time."""

    def __init__(self, name: str) -> None:
        self.path = (
            Path(os.environ["CHAOS_FOLDER"])
            / f"{name}-{os.environ['AWS_LAMBDA_FUNCTION_NAME']}-{os.getpid()}"
        )
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def add(self, text: str) -> None:
        """Append a text in one write."""
        os.write(self._file, text.encode("utf-8", "replace"))


class CopyingStream:
    """A text stream that also writes each whole line to a journal."""

    def __init__(self, stream: Any, journal: Journal) -> None:
        self._stream = stream
        self._journal = journal
        self._begun = threading.local()

    def write(self, text: str) -> int:
        """Write a text; each thread's lines stay in one piece."""
        lines, newline, rest = (getattr(self._begun, "text", "") + text).rpartition("\n")
        self._begun.text = rest
        if newline:
            self._journal.add(lines + newline)
        return int(self._stream.write(text))

    def __getattr__(self, name: str) -> Any:
        """Be the stream in everything else."""
        return getattr(self._stream, name)


class FaultDraw:
    """Draws the fault of each call, with the rate CHAOS_RATE, while the file `faults-on` exists.

    The n-th worker to start draws the same numbers for the same seed; which call gets which is up to timing.
    """

    def __init__(self, folder: Path) -> None:
        self._switch = folder / "faults-on"
        self._rate = float(os.environ["CHAOS_RATE"])
        number = len(list(folder.glob("calls-*")))
        self._random = random.Random(f"{os.environ['CHAOS_SEED']}:{number}")  # noqa: S311 - not a secret

    def kind(self) -> str:
        """Return a fault of `KINDS`, or "" for none."""
        if not self._switch.exists() or self._random.random() >= self._rate:
            return ""
        return self._random.choice(KINDS)

    def delay(self) -> float:
        """Return a number of seconds, up to `LONGEST_DELAY_SECONDS`."""
        return self._random.uniform(0, LONGEST_DELAY_SECONDS)


class FaultInjector:
    """Stands between the SDK and AWS, around each call and around each of its HTTP requests."""

    def __init__(self, draw: FaultDraw, journal: Journal) -> None:
        self._draw = draw
        self._journal = journal
        self._this_call = threading.local()

    def around_call(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap `BaseClient._make_api_call`, which repeats failed requests by itself."""

        def faulty(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
            kind = self._draw.kind()
            service = client.meta.service_model.service_name
            self._journal.add(f"{kind or 'untouched'} {service} {operation}\n")
            endpoint = client.meta.endpoint_url
            if kind == "refused":
                raise EndpointConnectionError(endpoint_url=endpoint)
            self._this_call.loses_answer = kind == "repeated"
            delay = self._draw.delay() / 2 if kind == "late" else 0.0
            time.sleep(delay)
            try:
                answer = call(client, operation, parameters)
            except ClientError:
                if kind != "lost":
                    raise
            finally:
                time.sleep(delay)
            if kind == "lost":
                raise ReadTimeoutError(endpoint_url=endpoint)
            return answer

        return faulty

    def around_request(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap `URLLib3Session.send`, one HTTP request."""

        def faulty(session: URLLib3Session, request: Any) -> Any:
            answer = send(session, request)
            if getattr(self._this_call, "loses_answer", False):
                self._this_call.loses_answer = False
                raise ReadTimeoutError(endpoint_url=request.url)
            return answer

        return faulty


def install() -> None:
    """Wrap the two functions of the SDK, and standard error, where the functions' lines go."""
    calls = Journal("calls")
    faults = FaultInjector(FaultDraw(calls.path.parent), calls)
    sdk: Any = BaseClient
    sdk._make_api_call = faults.around_call(sdk._make_api_call)
    connection: Any = URLLib3Session
    connection.send = faults.around_request(connection.send)
    sys.stderr = CopyingStream(sys.stderr, Journal("lines"))


install()
