"""Clients that repeat their submits, or never do."""

from tests.faults.scenarios.scenario import Scenario, completed
from tests.faults.world import World


def never_repeats(world: World) -> None:
    """A client that takes a 503 for an answer."""
    world.client.submit("a", {"n": 1}, tries=1)
    world.settle()


def repeats_after_success(world: World) -> None:
    """A client that did not hear its 202; the second message waits in the queue behind the first."""
    world.client.submit("a", {"n": 1})
    world.client.submit("a", {"n": 1})
    world.settle()


def repeats_when_done(world: World) -> None:
    """A client that submits a task again long after it was done."""
    world.client.submit("a", {"n": 1})
    world.settle()
    world.client.submit("a", {"n": 1})
    world.settle()


def conflicts(world: World) -> None:
    """Two clients take the same id for different tasks."""
    world.client.submit("a", {"n": 1})
    world.client.submit("a", {"n": 2}, tries=1)
    world.settle()


def submits_twice_at_once(world: World) -> None:
    """The same submit over two connections, while the queue is polled."""
    world.baton.run(
        lambda: world.client.submit("a", {"n": 1}),
        lambda: world.client.submit("a", {"n": 1}),
        lambda: world.poll_steadily(1),
    )
    world.settle()


SCENARIOS = (
    Scenario("a client that never repeats", never_repeats, {"a": completed()}, pairs=True),
    Scenario("a client that repeats after success", repeats_after_success, {"a": completed()}, pairs=True),
    Scenario("a client that repeats when all is done", repeats_when_done, {"a": completed()}),
    Scenario("two tasks under one id", conflicts, {"a": completed()}),
    Scenario("two submits of a task at once", submits_twice_at_once, {"a": completed()}, concurrent=True),
)
