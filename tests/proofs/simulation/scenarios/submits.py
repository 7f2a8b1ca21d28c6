"""Clients that repeat their submits, or never do."""

from tests.proofs.simulation.scenarios.scenario import Scenario, completed
from tests.proofs.simulation.world import World


def never_repeats(world: World) -> None:
    """A client that takes a 503 for an answer."""
    world.client.submit("a", {"n": 1}, tries=1)
    world.settle()


def repaired(world: World) -> None:
    """Such a client's task is sent again by the operator, whether or not that is needed."""
    never_repeats(world)
    world.operator.repair("a")
    world.settle()


def repaired_while_the_functions_run(world: World) -> None:
    """The operator's tool sends a task again that is just being tried."""
    world.client.submit("a", {"n": 1})
    world.baton.run(lambda: world.operator.repair("a"), lambda: world.poll_steadily(1))
    world.settle()


def submits_a_batch(world: World) -> None:
    """Two tasks in one request."""
    world.client.submit_batch({"a": {"n": 1}, "b": {"n": 2}})
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
    Scenario("a client that never repeats, and repair", repaired, {"a": completed()}),
    Scenario(
        "repair beside the functions", repaired_while_the_functions_run, {"a": completed()}, concurrent=True
    ),
    Scenario("two tasks in one request", submits_a_batch, {"a": completed(), "b": completed()}),
    Scenario("a client that repeats after success", repeats_after_success, {"a": completed()}, pairs=True),
    Scenario("a client that repeats when all is done", repeats_when_done, {"a": completed()}),
    Scenario("two tasks under one id", conflicts, {"a": completed()}),
    Scenario("two submits of a task at once", submits_twice_at_once, {"a": completed()}, concurrent=True),
)
