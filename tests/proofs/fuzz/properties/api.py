"""Properties of single requests: submits, repeated submits, and reads."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.proofs.fuzz.accepted_tasks import AcceptedTasks
from tests.proofs.fuzz.backend import Backend
from tests.proofs.fuzz.bodies import (
    ACCEPTED,
    Body,
    any_of,
    bad_task_ids,
    bodies,
    huge_bodies,
    intended,
    task_ids,
    texts,
    values,
)
from tests.proofs.fuzz.campaign import Property, Tally
from tests.proofs.fuzz.events import requests
from tests.proofs.fuzz.oracle import assert_no_error_logged, checked, exact_text
from tests.support.events import http_event

routes = st.sampled_from(["POST /tasks", "POST /task"])


def submits(backend: Backend, tally: Tally) -> Property:
    """Any body of POST /tasks or /task: accepted means kept exactly, refused means nothing written."""
    return _submit_property(backend, tally, bodies)


def huge_submits(backend: Backend, tally: Tally) -> Property:
    """The same for bodies around the limits of size."""
    return _submit_property(backend, tally, huge_bodies)


def _submit_property(backend: Backend, tally: Tally, strategy: st.SearchStrategy[Body]) -> Property:
    accepted = AcceptedTasks(backend)

    def check(data: st.DataObject) -> None:
        route, body = data.draw(routes), data.draw(strategy)
        event = data.draw(requests(route, body))
        try:
            _submit(accepted, tally, route, body, event)
        except BaseException:
            accepted.clear()
            raise

    return Property(check, accepted.check_all)


def _submit(accepted: AcceptedTasks, tally: Tally, route: str, body: Body, event: dict[str, Any]) -> None:
    if _task_id_of(body) in accepted.payloads:
        accepted.check_all()
    status, answer = checked(route, accepted.backend.submit(event), tally, body.kind)
    assert status in body.statuses, answer
    assert_no_error_logged(accepted.backend)
    if status == 202:
        wanted = intended(body)
        assert exact_text(answer["payload"]) == exact_text(wanted["payload"])
        assert answer["taskId"] == wanted.get("taskId", answer["taskId"])
        accepted.add({answer["taskId"]: wanted["payload"]})
    else:
        accepted.assert_nothing_new()


def _task_id_of(body: Body) -> Any:
    try:
        task_id = intended(body)["taskId"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return task_id if isinstance(task_id, str) else None


ROUTE = "POST /tasks"


def repeats(backend: Backend, tally: Tally) -> Property:
    """One id submitted twice: known if the payload is the same, else a conflict, and never two tasks."""

    def check(data: st.DataObject) -> None:
        backend.clean()
        task_id, first = data.draw(task_ids), data.draw(values)
        second = data.draw(any_of(values, st.just(first), st.just(_keys_reversed(first))))
        answers = [backend.submit(data.draw(_request(task_id, payload))) for payload in (first, second)]
        same = _canonical(first) == _canonical(second)
        assert checked(ROUTE, answers[0], tally, "task, first time")[0] == 202
        assert checked(ROUTE, answers[1], tally, "task, again")[0] == (200 if same else 409)
        assert_no_error_logged(backend)
        _assert_one_task(backend, task_id, first, messages=2 if same else 1)

    return Property(check)


def _assert_one_task(backend: Backend, task_id: str, payload: Any, messages: int) -> None:
    record = backend.records().pop(task_id)
    assert backend.records().keys() == {task_id}
    assert exact_text(json.loads(record["payload"]["S"])) == exact_text(payload)
    sent = backend.queued()
    assert len(sent) == messages
    for message in sent:
        assert backend.process([message]) == {"batchItemFailures": []}
    assert [exact_text(task.payload) for task in backend.performed] == [exact_text(payload)]


def _request(task_id: str, payload: Any) -> st.SearchStrategy[dict[str, Any]]:
    body = Body("task", json.dumps({"taskId": task_id, "payload": payload}), ACCEPTED)
    return requests(ROUTE, body)


def _keys_reversed(value: Any) -> Any:
    """Return the same JSON value with the keys of the outermost object in reverse order."""
    return dict(reversed(value.items())) if isinstance(value, dict) else value


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


ROUTES = ("GET /tasks/{taskId}", "GET /task/{taskId}")
KNOWN = {"known": {"a": [1, None]}, "x" * 128: "\ufffe", "a:b._-": 1.5}
escaped = st.sampled_from(
    ["%2e%2e", "known%00", "known/", "/known", "known?x=1", "kn\\own", "KNOWN", "known\r\nX: 1"]
)
wanted: st.SearchStrategy[Any] = any_of(
    st.sampled_from(sorted(KNOWN)), task_ids, bad_task_ids.map(str), texts, escaped
)


def reads(backend: Backend, tally: Tally) -> Property:
    """GET of any id: the task if there is one, 404 for everything else, and nothing is ever written."""

    def check(data: st.DataObject) -> None:
        if backend.records().keys() != KNOWN.keys():
            _submit_known(backend)
        name = data.draw(wanted)
        route = data.draw(st.sampled_from(ROUTES))
        event = data.draw(requests(route, task_id=name))
        kind = "read of a known id" if name in KNOWN else "read of another id"
        status, body = checked(route, backend.get(event), tally, kind)
        assert status == (200 if name in KNOWN else 404)
        if status == 200:
            assert (body["taskId"], exact_text(body["payload"])) == (name, exact_text(KNOWN[name]))
        assert backend.records().keys() == KNOWN.keys()
        assert backend.queued() == []
        assert_no_error_logged(backend)

    return Property(check)


def _submit_known(backend: Backend) -> None:
    backend.clean()
    for task_id, payload in KNOWN.items():
        backend.submit(http_event("POST", "/tasks", {"taskId": task_id, "payload": payload}))
    backend.take_queued()
