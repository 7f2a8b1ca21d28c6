"""Scheduled calls: in time, late, twice, not at all; and days in which nothing happens cost nothing."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from taskguard.model.clock import to_millis
from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.event_bridge import due_call, earliest, scan_call
from tests.proofs.simulation.history import CallScheduled, HandlerCrashed, NeverQuiescent, ProcessDied
from tests.proofs.simulation.process import Kind, Process
from tests.proofs.simulation.schedule import Fault, Schedule
from tests.proofs.simulation.simulator import Simulator
from tests.support.aws_in_process import MovableClock

BEGAN = MovableClock().now
DAY = 86_400


@dataclass
class Waker:
    """Stands in for the functions: each call is noted, looks at the table, and makes what is due go."""

    heals: bool = True
    crashes: bool = False
    pages: int = 1
    seconds: list[float] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, process: Process, sim: Simulator, event: dict[str, Any]) -> dict[str, Any]:
        assert process.kind is Kind.WAKER
        assert process.deadline == sim.clock() + timedelta(seconds=settings.TIMEOUT_SECONDS)
        self.seconds.append(round((sim.clock() - BEGAN).total_seconds()))
        self.events.append(event)
        if self.crashes:
            raise RuntimeError("it failed")
        for _ in range(self.pages):
            sim.injector.step(process, "scan", None, lambda: sim.table.scan(TableName=settings.TABLE))
        if self.heals:
            sim.table.items.clear()
        return {}


def _simulator(waker: Waker, due: float | None, faults: dict[int, Fault] | None = None) -> Simulator:
    functions: Any = waker
    sim = Simulator(functions, Schedule(faults or {}), lambda *_: None)
    if due is not None:
        _put(sim, "RETRYING", dueAt=due)
    sim.event_bridge.calls.append(due_call())
    return sim


def _put(sim: Simulator, status: str, **moments: float) -> None:
    """Put a record into the table whose moments are so many seconds after the run began."""
    attributes = {
        name: {"N": str(to_millis(BEGAN + timedelta(seconds=seconds)))} for name, seconds in moments.items()
    }
    sim.table.put_item(
        Item={"taskId": {"S": f"{len(sim.table.items)}"}, "status": {"S": status}, **attributes}
    )


@pytest.mark.parametrize(
    ("due", "called"), [(0, 0), (900, 0), (901, 300), (1300, 600), (30 * DAY, 30 * DAY - 900)]
)
def test_a_call_is_made_at_its_next_time_after_it_is_needed(due: float, called: float) -> None:
    waker = Waker()
    sim = _simulator(waker, due)
    sim.settle()
    assert waker.seconds == [called]
    assert waker.events == [{"run": "due"}]


def test_what_nobody_needs_is_not_called() -> None:
    waker = Waker()
    sim = _simulator(waker, due=None)
    _put(sim, "QUEUED", sentAt=0)
    sim.settle()
    assert waker.seconds == []
    sim.pass_time(365 * DAY)
    assert sim.clock() == BEGAN + timedelta(days=365)


def test_the_scan_is_called_on_the_day_after_an_open_task_s_message_expired() -> None:
    waker = Waker()
    sim = _simulator(waker, due=None)
    sim.event_bridge.calls.append(scan_call())
    for status in ("COMPLETED", "DEAD_LETTERED", "CANCELLED"):
        _put(sim, status, sentAt=-30 * DAY)
    _put(sim, "RETRYING", sentAt=0)
    sim.settle()
    assert (waker.seconds, waker.events) == ([5 * DAY], [{"run": "scan"}])


def test_time_passes_only_as_far_as_it_should() -> None:
    waker = Waker()
    sim = _simulator(waker, due=10 * DAY)
    sim.pass_time(9 * DAY)
    assert (waker.seconds, sim.clock()) == ([], BEGAN + timedelta(days=9))
    sim.pass_time(DAY)
    assert (waker.seconds, sim.clock()) == ([10 * DAY - 900], BEGAN + timedelta(days=10))


def test_a_call_comes_late_or_twice_or_not_for_a_while() -> None:
    waker = Waker()
    sim = _simulator(waker, due=900)
    (call,) = sim.event_bridge.calls
    call.late_seconds, call.times, call.silent_until = 45, 2, BEGAN + timedelta(hours=3)
    sim.settle()
    assert waker.seconds == [3 * 3600 + 45] * 2
    assert [made.late_seconds for made in sim.history.of(CallScheduled)] == [45]


@pytest.mark.parametrize(
    ("fault", "called"),
    [
        (Fault.REFUSED, [300]),
        (Fault.REPEATED, [0, 0]),
        (Fault.LATE, [9]),
        (Fault.OVERTAKEN, [0]),
        (Fault.KILLED_BEFORE, [0]),
    ],
)
def test_a_schedule_makes_a_call_fail_or_come_twice_or_late(fault: Fault, called: list[float]) -> None:
    waker = Waker()
    sim = _simulator(waker, due=0, faults={1: fault})
    sim.settle()
    assert waker.seconds == called


def test_a_call_that_is_cut_after_a_page_is_made_again_at_its_next_time() -> None:
    waker = Waker(pages=2)
    sim = _simulator(waker, due=0)
    (call,) = sim.event_bridge.calls
    call.steps_left = {"scan": 1}
    sim.pass_time(200)
    assert waker.seconds == [0]
    assert len(sim.history.of(ProcessDied)) == 1
    call.steps_left = {}
    sim.settle()
    assert waker.seconds == [0, 300]


def test_a_call_that_fails_is_not_repeated_before_its_next_time() -> None:
    waker = Waker(crashes=True)
    sim = _simulator(waker, due=0)
    sim.pass_time(400)
    assert waker.seconds == [0, 300]
    assert len(sim.history.of(HandlerCrashed)) == 2


def test_a_waker_that_never_heals_anything_is_noticed() -> None:
    sim = _simulator(Waker(heals=False), due=0)
    sim.settle()
    assert sim.history.of(NeverQuiescent)


def test_without_a_moment_in_any_record_nothing_is_needed() -> None:
    sim = _simulator(Waker(), due=None)
    moment: datetime | None = earliest("sentAt", 0)(sim)
    assert moment is None
