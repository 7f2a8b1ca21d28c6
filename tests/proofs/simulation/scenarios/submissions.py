"""Tasks that arrive: from a client, once or again, or straight on the queue without the API."""

from tests.proofs.simulation.scenarios.scenario import Scenario, Story, completed, dead
from tests.proofs.simulation.scripted_work import Deed, Plan
from tests.proofs.simulation.simulator import World

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


def direct(*plan: Deed) -> Story:
    """Return the story of a task that a producer wrote to the queue, without a record."""

    def story(world: World) -> None:
        world.work.plan("a", *plan)
        world.send_directly('{"taskId":"a","payload":{"n":1}}')
        world.settle()

    return story


def direct_and_submitted(world: World) -> None:
    """The same task by both ways."""
    world.send_directly('{"taskId":"a","payload":{"n":1}}')
    world.client.submit("a", {"n": 1})
    world.settle()


def no_json(world: World) -> None:
    """A body that is no JSON."""
    world.send_directly("no JSON")
    world.settle()


def no_json_among_tasks(world: World) -> None:
    """A body that is no JSON, in one batch with tasks."""
    world.client.submit("a", {"n": 1})
    world.send_directly("[]")
    world.client.submit("b", {"n": 1})
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
    Scenario("written to the queue directly", direct(Deed.DONE), {"a": completed()}, pairs=True),
    Scenario("written to the queue directly, failing", direct(Deed.FAILS), {"a": dead(3)}),
    Scenario("written directly and submitted", direct_and_submitted, {"a": completed()}),
    Scenario("a body that is no JSON", no_json, {"unreadable:message-1": dead(0)}, pairs=True),
    Scenario("no JSON among tasks", no_json_among_tasks, {"a": completed(), "b": completed()}),
)
