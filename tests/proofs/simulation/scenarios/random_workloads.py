"""Random workloads with random faults in random orders, made by Hypothesis."""

from collections.abc import Callable
from typing import Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.proofs.simulation.calls import Fault, Schedule
from tests.proofs.simulation.scenarios import actions
from tests.proofs.simulation.scenarios.actions import Action
from tests.proofs.simulation.scenarios.scenario import Scenario
from tests.proofs.simulation.scripted_work import Deed
from tests.proofs.simulation.simulator import World
from tests.proofs.simulation.sweep import Outcome, Runner

MOST_FAULTS: Final = 5
_LAST_STEP: Final = 30

_tasks = st.sampled_from(["a", "b"])
_bodies = st.sampled_from(
    ['{"taskId":"a","payload":{"of":"a"}}', '{"taskId":"c","payload":1}', "no JSON", '{"payload":1}']
)
_submits = st.builds(actions.Submit, _tasks, st.sampled_from([1, 6]))
_repairs = st.builds(actions.Repair, _tasks)
_redrives = st.builds(actions.Redrive, _tasks)
_deeds = st.lists(st.sampled_from(Deed), min_size=1, max_size=4).map(tuple)
_plans = st.builds(actions.Plan, _tasks, _deeds)
_alone: st.SearchStrategy[Action] = st.one_of(
    _submits,
    _redrives,
    _repairs,
    st.builds(actions.SubmitBatch, st.just(("a", "b"))),
    _plans,
    st.builds(actions.RedriveNatively),
    st.builds(actions.Switch, st.booleans()),
    st.builds(actions.WriteDirectly, _bodies),
    st.builds(actions.ShowAgain),
    st.builds(actions.DeliverLater),
    st.builds(actions.DeliverAgain, st.integers(0, 3)),
    st.builds(actions.Wait, st.sampled_from([1, 40, 200])),
    st.builds(actions.Run, st.booleans()),
)
_together = st.builds(
    actions.AtOnce, st.lists(_submits | _redrives | _repairs, min_size=1, max_size=2).map(tuple)
)
_begun = st.tuples(
    st.builds(actions.Plan, st.just("a"), _deeds), st.builds(actions.Submit, st.just("a"), st.just(6))
)
_stories = st.builds(
    lambda begun, rest: [*begun, *rest], _begun, st.lists(_alone | _together, min_size=3, max_size=8)
)
_schedules = st.builds(
    Schedule,
    st.dictionaries(st.integers(1, _LAST_STEP), st.sampled_from(Fault), min_size=1, max_size=MOST_FAULTS),
    st.lists(st.integers(0, 3), max_size=30).map(tuple),
)


class Broken(Exception):
    """A random run violated something."""


def run_random(runner: Runner, runs: int, with_seed: int, count: Callable[[Outcome], None]) -> None:
    """Run random stories; the count gets every outcome.

    Where one violates something, Hypothesis looks for the shortest story and schedule that still do, and
    that outcome is the last.
    """

    @seed(with_seed)
    @settings(
        max_examples=runs,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(_stories, st.booleans(), _schedules)
    def run(story: list[Action], stale_handles_work: bool, schedule: Schedule) -> None:
        outcome = runner.run(_scenario(story, stale_handles_work), schedule)
        count(outcome)
        if outcome.violations:
            raise Broken

    try:
        run()
    except Broken:
        return  # the count has it


def _scenario(story: list[Action], stale_handles_work: bool) -> Scenario:
    def tell(world: World) -> None:
        for action in story:
            action(world)
        actions.Switch(on=True)(world)
        world.settle()

    return Scenario(f"random: {story}", tell, stale_handles_work=stale_handles_work)
