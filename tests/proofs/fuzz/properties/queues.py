"""Properties of the queues' functions: messages of any kind, and whatever work returns or raises."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from taskguard.model.errors import PermanentError, RetryAfter
from tests.proofs.fuzz.accepted_tasks import echo
from tests.proofs.fuzz.backend import Backend, Performed
from tests.proofs.fuzz.bodies import any_of, log_lines, values
from tests.proofs.fuzz.campaign import Property, Tally
from tests.proofs.fuzz.events import SentMessage, deliveries
from tests.proofs.fuzz.oracle import assert_no_error_logged, checked, exact_text
from tests.support.events import http_event


def to_process(backend: Backend, tally: Tally) -> Property:
    """Messages of any kind in one batch for process_task: tasks are done, all else comes back."""

    def check(data: st.DataObject) -> None:
        backend.clean()
        backend.work = echo
        sent, records = _receive(backend, data, "tasks")
        junk = {r["messageId"] for r, message in zip(records, sent, strict=True) if message.task_id is None}
        failed = [item["itemIdentifier"] for item in backend.process(records)["batchItemFailures"]]
        assert sorted(failed) == sorted(junk)
        done = {task.task_id: exact_text(task.payload) for task in backend.performed}
        assert done == {m.task_id: exact_text(m.payload) for m in sent if m.task_id}
        assert backend.records().keys() == done.keys()
        lines = assert_no_error_logged(backend)
        assert {line["messageId"] for line in lines if line["event"] == "MESSAGE_UNREADABLE"} == junk
        _count(tally, "message to process_task", len(done), len(junk))

    return Property(check)


def to_monitor(backend: Backend, tally: Tally) -> Property:
    """Messages of any kind in one batch for monitor_dlq: each is recorded, logged and shown by the API."""

    def check(data: st.DataObject) -> None:
        backend.clean()
        sent, records = _receive(backend, data, "dead-letters")
        assert backend.bury(records) == {"batchItemFailures": []}
        names = [
            message.task_id or f"unreadable:{record['messageId']}"
            for record, message in zip(records, sent, strict=True)
        ]
        reported = [line for line in assert_no_error_logged(backend) if line["event"] == "TASK_DEAD_LETTER"]
        assert sorted(line["taskId"] for line in reported) == sorted(names)
        assert backend.records().keys() == set(names)
        for name, message in zip(names, sent, strict=True):
            _assert_shown(backend, name, message)
        readable = sum(message.task_id is not None for message in sent)
        _count(tally, "message to monitor_dlq", readable, len(sent) - readable)

    return Property(check)


def _receive(
    backend: Backend, data: st.DataObject, queue: str
) -> tuple[list[SentMessage], list[dict[str, Any]]]:
    """Send messages, each id once; return them with their records, both in the order of receiving."""
    drawn = data.draw(deliveries)
    sent = list({message.task_id or f"junk {n}": message for n, message in enumerate(drawn)}.values())
    records = backend.received(queue, [message.body for message in sent])
    by_body = {message.body: message for message in sent}
    return [by_body[record["body"]] for record in records], records


def _assert_shown(backend: Backend, name: str, message: SentMessage) -> None:
    """Fail unless the API shows a dead letter with its payload, or with the body of an unreadable message."""
    answer = backend.get(http_event("GET", f"/tasks/{name}"))
    status, body = checked("GET /tasks/{taskId}", answer, Tally(), "dead letter")
    assert (status, body["status"]) == (200, "DEAD_LETTERED")
    assert exact_text(body["payload"]) == exact_text(message.payload if message.task_id else message.body)
    assert json.dumps(body["lastError"])


def _count(tally: Tally, kind: str, tasks: int, junk: int) -> None:
    for _ in range(tasks):
        tally.add(kind, "task")
    for _ in range(junk):
        tally.add(kind, "junk")


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def _circle() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


texts = st.one_of(
    st.text(), log_lines, st.sampled_from(["\ud800", "", "\x00", "x" * 100_000, "\U0001f600" * 600])
)
DEADLINE = 7 * 86_400
"""Longest wait, in seconds, that work may ask for: the stack's `taskDeadlineDays`."""

returned = any_of(
    values,
    st.sampled_from([{1: "a", "1": "b"}, {(): 1}, {None: 1}, {1}, b"", object(), 1j, (1, 2), _circle()]),
    st.sampled_from([float("nan"), float("inf"), 10**5000, "\ud800", {"\udc00": 1}, "x" * 65_536]),
    st.integers(60, 2000).map(_nested),
)
raised = any_of(
    st.builds(ValueError, texts),
    st.builds(KeyError, texts, texts),
    st.builds(PermanentError, texts),
    st.builds(SystemExit, st.one_of(st.none(), st.integers(), texts)),
    st.builds(RetryAfter, st.one_of(st.floats(), st.integers()), texts),
    st.sampled_from([MemoryError(), RecursionError("deep"), StopIteration(3), OSError(2, "\udcff")]),
)


def outcomes(backend: Backend, tally: Tally) -> Property:
    """Whatever the work returns or raises: the task ends or is due again, and can always be read."""

    def check(data: st.DataObject) -> None:
        backend.clean()
        fails = data.draw(st.booleans())
        end = data.draw(raised if fails else returned)
        given_up = isinstance(end, PermanentError) or (isinstance(end, RetryAfter) and end.seconds > DEADLINE)
        allowed = {"GIVING_UP" if given_up else "RETRYING"} if fails else {"COMPLETED", "GIVING_UP"}
        backend.work = _raising(end) if fails else lambda _task: end
        records = backend.received("tasks", [json.dumps({"taskId": "abc", "payload": 1})])
        backend.process(records)
        answer = backend.get(http_event("GET", "/tasks/abc"))
        status, body = checked("GET /tasks/{taskId}", answer, Tally(), "after an attempt")
        assert status == 200
        assert body["status"] in allowed
        tally.add("end of an attempt", body["status"])
        assert_no_error_logged(backend)

    return Property(check)


def _raising(error: BaseException) -> Callable[[Performed], Any]:
    def work(_task: Performed) -> Any:
        raise error

    return work
