"""One client, one submit; the work succeeds or not."""

from tests.proofs.simulation.scenarios.scenario import Scenario, Story, completed, dead
from tests.proofs.simulation.work import Deed, Plan
from tests.proofs.simulation.world import World

FAILING: Plan = (Deed.FAILS,)


def one_task(*plan: Deed) -> Story:
    """Return the story of one task."""

    def story(world: World) -> None:
        world.work.plan("a", *plan)
        world.client.submit("a", {"n": 1})
        world.settle()

    return story


def batch_with_poison(world: World) -> None:
    """Ten tasks in one batch; the fourth always fails."""
    world.work.plan("t3", *FAILING)
    for number in range(10):
        world.client.submit(f"t{number}", number)
    world.settle()


SCENARIOS = (
    Scenario("success", one_task(Deed.DONE), {"a": completed()}, pairs=True),
    Scenario("failure, then success", one_task(Deed.FAILS, Deed.DONE), {"a": completed(2)}, pairs=True),
    Scenario("always failing", one_task(Deed.FAILS), {"a": dead(3)}),
    Scenario("permanent failure", one_task(Deed.FAILS_FOR_GOOD), {"a": dead(1)}, pairs=True),
    Scenario("asks to be tried later", one_task(Deed.ASKS_FOR_TIME, Deed.DONE), {"a": completed(2)}),
    Scenario(
        "a batch of ten with one poison message",
        batch_with_poison,
        {f"t{n}": completed() for n in range(10)} | {"t3": dead(3)},
    ),
)
