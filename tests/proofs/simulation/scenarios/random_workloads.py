"""Random workloads with random faults in random interleavings, made by Hypothesis."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from hypothesis import strategies as st

from tests.proofs.kit.randomness import search
from tests.proofs.simulation.aws.event_bridge import due_call, scan_call
from tests.proofs.simulation.scenarios import actions
from tests.proofs.simulation.scenarios.actions import Action
from tests.proofs.simulation.scenarios.kinds import (
    CLOSED,
    FIRST,
    MOVED,
    RENAMED,
    SECOND,
    WHOLE,
)
from tests.proofs.simulation.scenarios.scenario import Scenario
from tests.proofs.simulation.schedule import OPTIONAL, Fault, Schedule
from tests.proofs.simulation.scripted_work import AsksFor, Behaviour
from tests.proofs.simulation.simulator import Simulator
from tests.proofs.simulation.sweep import Runner, RunResult

MOST_FAULTS: Final = 5
_LAST_STEP: Final = 30

_tasks = st.sampled_from(["a", "b"])
_bodies = st.sampled_from(
    [
        '{"taskId":"a","payload":{"of":"a"}}',
        '{"taskId":"c","payload":1}',
        '{"taskId":"d","payload":1,"kind":"report"}',
        "no JSON",
        '[{"payload":1}]',
    ]
)
_submits = st.builds(actions.Submit, _tasks, st.sampled_from([1, 6]))
_repairs = st.builds(actions.Repair, _tasks)
_redrives = st.builds(actions.Redrive, _tasks)
_discards = st.builds(actions.Discard, _tasks)
_lasting = [each for each in Behaviour if each is not Behaviour.ASKS_FOR_TIME]
_behaviours = st.builds(
    lambda first, last: (*first, last),
    st.lists(st.sampled_from([*Behaviour, AsksFor(3600)]), max_size=3),
    st.sampled_from(_lasting),  # what asks for time for ever does so for seven days
)
_scripts = st.builds(actions.ScriptWork, _tasks, _behaviours)
_single: st.SearchStrategy[Action] = st.one_of(
    _submits,
    _redrives,
    _discards,
    _repairs,
    st.builds(actions.SubmitBatch, st.just(("a", "b"))),
    _scripts,
    st.builds(actions.RedriveNatively),
    st.builds(actions.EnableMonitor, st.booleans()),
    st.builds(actions.SendDirectly, _bodies),
    st.builds(actions.MakeVisible),
    st.builds(actions.DeliverLater),
    st.builds(actions.DeliverAgain, st.integers(0, 3)),
    st.builds(actions.Wait, st.sampled_from([1, 40, 200])),
    st.builds(actions.Run, st.booleans()),
    st.builds(actions.SubmitsChildren, _tasks, st.sampled_from([(FIRST,), (FIRST, SECOND), ()])),
    st.builds(actions.Deploy, st.sampled_from([WHOLE, MOVED, RENAMED, CLOSED])),
)
_concurrent = st.builds(
    actions.Concurrently,
    st.lists(_submits | _redrives | _repairs | _discards, min_size=1, max_size=2).map(tuple),
)
_first = st.tuples(
    st.builds(actions.ScriptWork, st.just("a"), _behaviours),
    st.builds(actions.Submit, st.just("a"), st.just(6)),
)
_workloads = st.builds(
    lambda first, rest: [*first, *rest], _first, st.lists(_single | _concurrent, min_size=3, max_size=8)
)
_faults = [fault for fault in Fault if fault not in OPTIONAL]
_schedules = st.builds(
    Schedule,
    st.dictionaries(st.integers(1, _LAST_STEP), st.sampled_from(_faults), min_size=1, max_size=MOST_FAULTS),
    st.lists(st.integers(0, 3), max_size=30).map(tuple),
)


class _Violated(Exception):
    """A random run violated an invariant."""


def run_random(runner: Runner, runs: int, seed: int, count: Callable[[RunResult], None]) -> None:
    """Run random workloads under random schedules, and count every result.

    Where one violates an invariant, Hypothesis looks for the shortest workload and schedule that still do;
    that result is the last.
    """

    def check(example: tuple[list[Action], bool, Schedule]) -> None:
        actions_, stale_handles_work, schedule = example
        result = runner.run(_scenario(actions_, stale_handles_work), schedule)
        count(result)
        if result.violations:
            raise _Violated

    # Hypothesis raises the shortest failure, which has been counted; nothing else needs to be done with it.
    with suppress(_Violated):
        search(check, st.tuples(_workloads, st.booleans(), _schedules), seed, runs)


def _scenario(workload: list[Action], stale_handles_work: bool) -> Scenario:
    def run(sim: Simulator) -> None:
        sim.event_bridge.calls += [due_call(), scan_call()]
        sim.client.kinds["b"] = "video"
        for action in workload:
            action(sim)
        # A monitor that was left disabled would keep its dead letters from ever being settled.
        actions.EnableMonitor(enabled=True)(sim)
        sim.deploy(WHOLE)
        sim.settle()

    return Scenario(f"random: {workload}", run, stale_handles_work=stale_handles_work, program=WHOLE)
