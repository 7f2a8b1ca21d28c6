"""One id submitted twice: known if the payload is the same, else a conflict, and never two tasks."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.proofs.fuzz.backend import Backend
from tests.proofs.fuzz.bodies import TAKEN, Body, any_of
from tests.proofs.fuzz.campaign import Trial
from tests.proofs.fuzz.json_values import task_ids, values
from tests.proofs.fuzz.judge import assert_calm, exact, judged
from tests.proofs.fuzz.requests import requests
from tests.proofs.fuzz.tally import Tally

ROUTE = "POST /tasks"


def repeats(backend: Backend, tally: Tally) -> Trial:
    """Return the check of one id and two payloads."""

    def check(data: st.DataObject) -> None:
        backend.clean()
        task_id, first = data.draw(task_ids), data.draw(values)
        second = data.draw(any_of(values, st.just(first), st.just(_turned(first))))
        answers = [backend.submit(data.draw(_request(task_id, payload))) for payload in (first, second)]
        same = _canonical(first) == _canonical(second)
        assert judged(ROUTE, answers[0], tally, "task, first time")[0] == 202
        assert judged(ROUTE, answers[1], tally, "task, again")[0] == (200 if same else 409)
        assert_calm(backend)
        _one_task(backend, task_id, first, messages=2 if same else 1)

    return Trial(check)


def _one_task(backend: Backend, task_id: str, payload: Any, messages: int) -> None:
    record = backend.records().pop(task_id)
    assert backend.records().keys() == {task_id}
    assert exact(json.loads(record["payload"]["S"])) == exact(payload)
    sent = backend.queued()
    assert len(sent) == messages
    for message in sent:
        assert backend.process([message]) == {"batchItemFailures": []}
    assert [exact(task.payload) for task in backend.performed] == [exact(payload)]


def _request(task_id: str, payload: Any) -> st.SearchStrategy[dict[str, Any]]:
    body = Body("task", json.dumps({"taskId": task_id, "payload": payload}), TAKEN)
    return requests(ROUTE, body)


def _turned(value: Any) -> Any:
    """Return the same JSON value with the keys of the outermost object the other way round."""
    return dict(reversed(value.items())) if isinstance(value, dict) else value


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
