"""Property of POST /tasks/batch: each item is answered as if it had come alone."""

import json
from typing import Any

from hypothesis import strategies as st

from tests.proofs.fuzz import oracle
from tests.proofs.fuzz.accepted_tasks import AcceptedTasks
from tests.proofs.fuzz.backend import Backend
from tests.proofs.fuzz.bodies import (
    ACCEPTED,
    Body,
    any_of,
    broken_base64,
    invalid_json_tasks,
    noise,
    not_tasks_json,
    nothing,
    tasks,
    texts,
    values,
)
from tests.proofs.fuzz.campaign import Property, Tally
from tests.proofs.fuzz.events import requests
from tests.proofs.fuzz.oracle import assert_no_error_logged, checked

ROUTE = "POST /tasks/batch"


def _batch(bodies: list[Body]) -> str:
    return f'{{"tasks":[{",".join(body.text or "" for body in bodies)}]}}'


items = st.lists(any_of(tasks, tasks, not_tasks_json), min_size=1, max_size=25)
no_batches: st.SearchStrategy[str | None] = any_of(
    st.lists(invalid_json_tasks, min_size=1, max_size=3).map(_batch),
    st.integers(26, 40).map(lambda count: _batch([Body("task", '{"payload":1}', ACCEPTED)] * count)),
    values.filter(lambda value: not isinstance(value, list)).map(lambda tasks: json.dumps({"tasks": tasks})),
    st.dictionaries(texts.filter(lambda name: name != "tasks"), values).map(json.dumps),
    st.just('{"tasks":[]}'),
)


def batches(backend: Backend, tally: Tally) -> Property:
    """A list of items, tasks and others, or a body that is no batch at all."""
    accepted = AcceptedTasks(backend)

    def check(data: st.DataObject) -> None:
        accepted.clear()
        if data.draw(st.integers(0, 3)):
            bodies = data.draw(items)
            event = data.draw(requests(ROUTE, Body("batch", _batch(bodies), ACCEPTED)))
            _check_batch(accepted, tally, bodies, event)
        else:
            event = data.draw(_no_batch_request())
            assert checked(ROUTE, backend.submit(event), tally, "no batch")[0] == 400
            accepted.assert_nothing_new()
        assert_no_error_logged(backend)

    return Property(check)


def _check_batch(accepted: AcceptedTasks, tally: Tally, bodies: list[Body], event: dict[str, Any]) -> None:
    status, answer = checked(ROUTE, accepted.backend.submit(event), tally, "batch")
    assert status == 207
    assert len(answer["results"]) == len(bodies)
    taken: dict[str, Any] = {}
    for body, result in zip(bodies, answer["results"], strict=True):
        tally.add("task in a batch", result["status"])
        value = json.loads(body.text or "")
        if result["status"] == 202:
            taken[result["task"]["taskId"]] = value["payload"]
    _check_results(bodies, answer["results"])
    accepted.add(taken)
    accepted.check_all()


def _check_results(bodies: list[Body], results: list[dict[str, Any]]) -> None:
    """Fail if an item got another answer than alone; where an id occurs twice, either may come first."""
    names = [_name(body) for body in bodies]
    for body, name, result in zip(bodies, names, results, strict=True):
        doubled = name is not None and names.count(name) > 1
        assert result["status"] in (body.statuses | {200, 409} if doubled else body.statuses), result
        assert oracle.schema_faults("BatchFailure", result) == [] or "task" in result


def _name(body: Body) -> str | None:
    value = json.loads(body.text or "")
    name = value.get("taskId") if isinstance(value, dict) else None
    return name if isinstance(name, str) else None


def _no_batch_request() -> st.SearchStrategy[dict[str, Any]]:
    whole = no_batches.map(lambda text: Body("no batch", text, frozenset({400})))
    return any_of(whole, noise, broken_base64, nothing).flatmap(lambda body: requests(ROUTE, body))
