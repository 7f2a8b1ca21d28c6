"""Whatever the work returns or raises: the task is completed or due again, and can always be read."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.work import Task
from tests.proofs.fuzz.backend import Backend
from tests.proofs.fuzz.bodies import any_of
from tests.proofs.fuzz.campaign import Trial
from tests.proofs.fuzz.json_values import log_lines, values
from tests.proofs.fuzz.judge import assert_calm, judged
from tests.proofs.fuzz.tally import Tally
from tests.support.events import http_event


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


def outcomes(backend: Backend, tally: Tally) -> Trial:
    """Return the check of one attempt's end."""

    def check(data: st.DataObject) -> None:
        backend.clean()
        fails = data.draw(st.booleans())
        end = data.draw(raised if fails else returned)
        backend.work = _raising(end) if fails else lambda _task: end
        records = backend.received("tasks", [json.dumps({"taskId": "abc", "payload": 1})])
        backend.process(records)
        answer = backend.get(http_event("GET", "/tasks/abc"))
        status, body = judged("GET /tasks/{taskId}", answer, Tally(), "after an attempt")
        assert status == 200
        assert body["status"] in ({"RETRYING"} if fails else {"COMPLETED", "RETRYING"})
        tally.add("end of an attempt", body["status"])
        assert_calm(backend)

    return Trial(check)


def _raising(error: BaseException) -> Callable[[Task], Any]:
    def work(_task: Task) -> Any:
        raise error

    return work
