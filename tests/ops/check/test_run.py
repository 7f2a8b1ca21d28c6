import json
from collections.abc import Callable, Sequence
from threading import Event

import pytest

from ops.check.api import ApiAnswer
from ops.check.plan import CheckPlan
from ops.check.result import CheckResult
from ops.check.run import Progress, Submissions, Watch, check, probes
from ops.errors import InterruptedByUserError, OpsError
from ops.stack.outputs import from_document
from ops.stack.status import Depth
from taskguard.model.record import TaskRecord
from tests.ops.fake_api import FakeApi
from tests.ops.moto_stack import MotoStack
from tests.ops.sample_records import record, task_record
from tests.support.aws_in_process import MovableClock

IDS = ["a-00", "a-01", "a-02"]


class World:
    """A stack whose tasks settle at given seconds, on a clock that only sleeping moves."""

    def __init__(self, settles_at: dict[str, float]) -> None:
        self.clock = MovableClock()
        self.settles_at = settles_at
        self.asked: list[list[str]] = []
        self.shown: list[Progress] = []

    def read(self, ids: Sequence[str]) -> dict[str, TaskRecord]:
        self.asked.append(list(ids))
        return {each: self._record(each) for each in ids if each in self.settles_at}

    def _record(self, task_id: str) -> TaskRecord:
        done = self.clock.seconds() >= self.settles_at[task_id]
        item = record(task_id, "COMPLETED", "COMPLETED") if done else record(task_id, "PROCESSING", "")
        return task_record(item)

    def watch(self, sleep: Callable[[float], None] | None = None) -> Watch:
        return Watch(
            len(IDS),
            self.read,
            lambda: Depth(1, 2, 3),
            self.shown.append,
            self.clock.seconds,
            sleep or self.clock.advance,
        )


def _follow(watch: Watch, answer: Callable[[str], ApiAnswer], timeout: float = 60) -> CheckResult:
    with Submissions(answer, IDS, 2, Event()) as submissions:
        while not submissions.done:
            pass
        return watch.until_settled(submissions, timeout)


def _accept(_task_id: str) -> ApiAnswer:
    return ApiAnswer(202, "202 Accepted", 0.01, 1)


def test_it_watches_until_the_last_task_has_settled() -> None:
    world = World({"a-00": 0, "a-01": 5, "a-02": 2})
    result = _follow(world.watch(), _accept)
    assert (result.lost, result.duration_seconds) == (0, 5.0)
    assert world.shown[-1] == Progress(3, 3, 3, Depth(1, 2, 3))


def test_only_unsettled_tasks_are_asked_for() -> None:
    world = World({"a-00": 0, "a-01": 2, "a-02": 1})
    _follow(world.watch(), _accept)
    assert world.asked == [IDS, ["a-01", "a-02"], ["a-01"]]


def test_what_has_not_settled_in_time_is_lost() -> None:
    world = World({"a-00": 1, "a-01": 90})
    result = _follow(world.watch(), _accept, timeout=10)
    assert [(each.task_id, each.status) for each in result.tasks if not each.settled] == [
        ("a-01", "PROCESSING"),
        ("a-02", "ABSENT"),
    ]
    assert (result.lost, result.duration_seconds, world.clock.seconds()) == (2, 1.0, 10.0)


def test_a_refused_task_is_neither_accepted_nor_lost() -> None:
    def answer(task_id: str) -> ApiAnswer:
        return ApiAnswer(400, "400 Bad Request", 0.01, 1) if task_id == "a-01" else _accept(task_id)

    result = _follow(World({"a-00": 0, "a-02": 0}).watch(), answer)
    assert result.refused == {"a-01": "400 Bad Request"}
    assert (len(result.tasks), result.lost, result.counts()["accepted"]) == (2, 0, 2)


def test_a_task_of_an_earlier_run_ends_the_run() -> None:
    def answer(task_id: str) -> ApiAnswer:
        return ApiAnswer(409, "409 Conflict", 0.01, 1) if task_id == "a-02" else _accept(task_id)

    with pytest.raises(OpsError, match=r"already used.*a-02.*--run"):
        _follow(World({}).watch(), answer)


def test_ctrl_c_says_what_goes_on() -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(
        InterruptedByUserError, match=r"3 of 3 tasks submitted, 2 still running: a-01 a-02\."
    ) as caught:
        _follow(World({"a-00": 0}).watch(interrupt), _accept)
    assert caught.value.exit_code == 130


def test_ctrl_c_stops_submitting() -> None:
    started: list[str] = []
    stopped = Event()

    def slow(task_id: str) -> ApiAnswer:
        started.append(task_id)
        stopped.wait(10)
        return _accept(task_id)

    def interrupted() -> None:
        with Submissions(slow, [f"a-{n:02}" for n in range(50)], 2, stopped):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(started) <= 4


def test_a_check_submits_the_probe_of_each_lane_in_turn_and_no_real_work(stack: MotoStack) -> None:
    document = stack.with_lane("slow") | {
        "kinds": {"real": {"work": "work.a:b", "lane": "slow", "aliases": []}}
    }
    api = FakeApi(stack)
    result = check(CheckPlan("r", tasks=4), from_document(document, "test"), lambda _: None, api)
    sent = [json.loads(request.content) for request in api.requests if request.method == "POST"]
    assert {each["taskId"]: each["kind"] for each in sent} == {
        "r-00": "probe",
        "r-01": "probe.slow",
        "r-02": "probe",
        "r-03": "probe.slow",
    }
    assert result.lost == 0


def test_a_closed_lane_is_not_probed(stack: MotoStack) -> None:
    document = stack.with_lane("slow") | {"lanes": {"default": {}, "slow": {"closed": True}}}
    assert probes(from_document(document, "test")) == ["probe"]
