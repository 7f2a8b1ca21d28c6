"""POST /tasks and POST /task, any body: accepted means kept, refused means nothing written."""

from typing import Any

from hypothesis import strategies as st

from tests.proofs.fuzz.backend import Backend
from tests.proofs.fuzz.bodies import Body, bodies, huge_bodies, meant
from tests.proofs.fuzz.campaign import Trial
from tests.proofs.fuzz.judge import assert_calm, exact, judged
from tests.proofs.fuzz.promises import Promises
from tests.proofs.fuzz.requests import requests
from tests.proofs.fuzz.tally import Tally

routes = st.sampled_from(["POST /tasks", "POST /task"])


def submits(backend: Backend, tally: Tally) -> Trial:
    """Return the check of one body."""
    return _property(backend, tally, bodies)


def huge_submits(backend: Backend, tally: Tally) -> Trial:
    """Return the check of one body around the limits."""
    return _property(backend, tally, huge_bodies)


def _property(backend: Backend, tally: Tally, strategy: st.SearchStrategy[Body]) -> Trial:
    promises = Promises(backend)

    def check(data: st.DataObject) -> None:
        route, body = data.draw(routes), data.draw(strategy)
        event = data.draw(requests(route, body))
        try:
            _submit(promises, tally, route, body, event)
        except BaseException:
            promises.forget()
            raise

    return Trial(check, promises.redeem)


def _submit(promises: Promises, tally: Tally, route: str, body: Body, event: dict[str, Any]) -> None:
    if _named(body) in promises.payloads:
        promises.redeem()
    status, answer = judged(route, promises.backend.submit(event), tally, body.kind)
    assert status in body.statuses, answer
    assert_calm(promises.backend)
    if status == 202:
        wanted = meant(body)
        assert exact(answer["payload"]) == exact(wanted["payload"])
        assert answer["taskId"] == wanted.get("taskId", answer["taskId"])
        promises.add({answer["taskId"]: wanted["payload"]})
    else:
        promises.nothing_new()


def _named(body: Body) -> Any:
    try:
        task_id = meant(body)["taskId"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return task_id if isinstance(task_id, str) else None
