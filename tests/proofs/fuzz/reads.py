"""GET of any id: the task if there is one, 404 for everything else, and nothing is ever written."""

from typing import Any

from hypothesis import strategies as st

from tests.proofs.fuzz.backend import Backend
from tests.proofs.fuzz.bodies import any_of
from tests.proofs.fuzz.campaign import Trial
from tests.proofs.fuzz.json_values import bad_task_ids, task_ids, texts
from tests.proofs.fuzz.judge import assert_calm, exact, judged
from tests.proofs.fuzz.requests import requests
from tests.proofs.fuzz.tally import Tally
from tests.support.events import http_event

ROUTES = ("GET /tasks/{taskId}", "GET /task/{taskId}")
KNOWN = {"known": {"a": [1, None]}, "x" * 128: "\ufffe", "a:b._-": 1.5}
escaped = st.sampled_from(
    ["%2e%2e", "known%00", "known/", "/known", "known?x=1", "kn\\own", "KNOWN", "known\r\nX: 1"]
)
wanted: st.SearchStrategy[Any] = any_of(
    st.sampled_from(sorted(KNOWN)), task_ids, bad_task_ids.map(str), texts, escaped
)


def reads(backend: Backend, tally: Tally) -> Trial:
    """Return the check of one id."""

    def check(data: st.DataObject) -> None:
        if backend.records().keys() != KNOWN.keys():
            _submit_known(backend)
        name = data.draw(wanted)
        route = data.draw(st.sampled_from(ROUTES))
        event = data.draw(requests(route, task_id=name))
        kind = "read of a known id" if name in KNOWN else "read of another id"
        status, body = judged(route, backend.get(event), tally, kind)
        assert status == (200 if name in KNOWN else 404)
        if status == 200:
            assert (body["taskId"], exact(body["payload"])) == (name, exact(KNOWN[name]))
        assert backend.records().keys() == KNOWN.keys()
        assert backend.queued() == []
        assert_calm(backend)

    return Trial(check)


def _submit_known(backend: Backend) -> None:
    backend.clean()
    for task_id, payload in KNOWN.items():
        backend.submit(http_event("POST", "/tasks", {"taskId": task_id, "payload": payload}))
    backend.take_queued()
