"""A client that repeats what is not accepted, with the same ids, until it is accepted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from random import Random
from threading import Event, Lock
from typing import Any

import httpx

from ops.check.api import wait_before_retry
from tests.proofs.chaos.workload import Request

_ACCEPTED = frozenset({HTTPStatus.OK, HTTPStatus.ACCEPTED})
# Worth repeating; 0 is no answer at all. For a killed worker the emulator answers 502.
_PASSING = frozenset({0, 429, 500, 502, 503, 504})

# Long enough for a worker to start on a busy machine: a client that gives up makes yet another one start.
_TIMEOUT_SECONDS = 20.0
_IMPATIENT_TIMEOUT_SECONDS = 0.2
_IMPATIENT = 0.03
"""Share of requests whose client gives up early and repeats them while the first is still under way."""

_RETRY_AFTER_SHARE = 0.1
"""Share of the time asked for in Retry-After that this client waits, as all waits of a run are shortened."""


@dataclass
class Answers:
    """What the API answered so far.

    Attributes
    ----------
    accepted
        The tasks that were answered 200 or 202: it promised to process them.
    refused
        Statuses that no repeat can change, by task; a violation, as nothing is wrong with any task.
    repeats
        Requests that had to be sent again.
    """

    accepted: set[str] = field(default_factory=set)
    refused: dict[str, int] = field(default_factory=dict)
    repeats: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def accepted_so_far(self) -> list[str]:
        """Return the accepted tasks, in order of their ids."""
        with self._lock:
            return sorted(self.accepted)

    def add(self, statuses: Mapping[str, int]) -> Request:
        """Add the status of each task; return the tasks to be sent again."""
        rest = tuple(task_id for task_id, status in statuses.items() if status in _PASSING)
        with self._lock:
            for task_id, status in statuses.items():
                if status in _ACCEPTED:
                    self.accepted.add(task_id)
                elif task_id not in rest:
                    self.refused[task_id] = status
            self.repeats += bool(rest)
        return rest


@dataclass(frozen=True)
class Client:
    """Submits tasks; one serves many threads.

    Parameters
    ----------
    endpoint
        The stack output `apiEndpoint`.
    payloads
        Every task's payload, by id.
    answers
        Where the answers are added.
    stopped
        Set to end all waits.
    random
        Decides which requests are impatient.
    """

    endpoint: str
    http: httpx.Client
    payloads: Mapping[str, Any]
    answers: Answers
    stopped: Event
    random: Random

    def submit(self, request: Request) -> None:
        """Send a request, and what is left of it, until every task is accepted, or refused for good."""
        rest, tries = request, 0
        while rest and not self.stopped.is_set():
            tries += 1
            response = self._send(rest)
            rest = self.answers.add(_statuses(rest, response))
            if rest:
                headers = response.headers if response is not None else {}
                self.stopped.wait(wait_before_retry(tries, headers, datetime.now(UTC)) * _RETRY_AFTER_SHARE)

    def _send(self, task_ids: Request) -> httpx.Response | None:
        tasks = [{"taskId": task_id, "payload": self.payloads[task_id]} for task_id in task_ids]
        path, body = ("/tasks", tasks[0]) if len(tasks) == 1 else ("/tasks/batch", {"tasks": tasks})
        timeout = _IMPATIENT_TIMEOUT_SECONDS if self.random.random() < _IMPATIENT else _TIMEOUT_SECONDS
        try:
            return self.http.post(f"{self.endpoint}{path}", json=body, timeout=timeout)
        except httpx.TransportError:
            return None


def connections(clients: int) -> httpx.Client:
    """Make the connections to an API on this machine."""
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    return httpx.Client(limits=limits, trust_env=False)


def _statuses(task_ids: Request, response: httpx.Response | None) -> dict[str, int]:
    if response is not None and response.status_code == HTTPStatus.MULTI_STATUS:
        results = response.json()["results"]
        return {task_id: result["status"] for task_id, result in zip(task_ids, results, strict=True)}
    return dict.fromkeys(task_ids, response.status_code if response is not None else 0)
