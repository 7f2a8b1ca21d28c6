"""SQS delivers more than once, early, late, and to several workers at a time."""

from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.poller import Batch
from tests.proofs.simulation.history import Duplicated
from tests.proofs.simulation.scenarios.actions import ShowAgain
from tests.proofs.simulation.scenarios.scenario import Scenario, Story, completed, dead
from tests.proofs.simulation.scripted_work import Deed
from tests.proofs.simulation.simulator import World


def twice_in_a_row(*plan: Deed) -> Story:
    """Return the story of a message that is delivered again after its function is done with it."""

    def story(world: World) -> None:
        world.work.plan("a", *plan)
        world.client.submit("a", {"n": 1})
        batch = world.poller.receive(world.poller.tasks)
        world.poller.deliver(world.poller.tasks, batch)
        world.journal.add(Duplicated("a"))
        world.poller.deliver(world.poller.tasks, batch)
        world.settle()

    return story


def twice_at_once(*plan: Deed) -> Story:
    """Return the story of a message that two functions get at the same time."""

    def story(world: World) -> None:
        world.work.plan("a", *plan)
        world.client.submit("a", {"n": 1})
        batch, tasks = receive_again(world), world.poller.tasks
        ShowAgain()(world)
        world.baton.run(lambda: world.poller.deliver(tasks, batch), lambda: world.poll_steadily(1))
        world.settle()

    return story


def outlives_its_lease(world: World) -> None:
    """A worker that stalls until others have done its task, and then reports."""
    world.work.plan("a", Deed.OUTLIVES_ALL, Deed.DONE)
    world.client.submit("a", {"n": 1})
    world.settle()


def outlives_its_lease_before_a_neighbour(world: World) -> None:
    """A worker that comes to the next message of its batch when its time is over."""
    world.work.plan("a", Deed.OUTLIVES_ITS_LEASE, Deed.DONE)
    world.client.submit("a", {"n": 1})
    world.client.submit("b", {"n": 2})
    world.settle()


def outlives_its_lease_beside_another(world: World) -> None:
    """A worker that reports while the next one is in the middle of its task."""
    world.work.plan("a", Deed.OUTLIVES_ITS_LEASE, Deed.DONE)
    world.client.submit("a", {"n": 1})
    batch, tasks = world.poller.receive(world.poller.tasks), world.poller.tasks
    world.baton.run(lambda: world.poller.deliver(tasks, batch), lambda: world.poll_steadily(1))
    world.settle()


def outlives_and_others_fail(world: World) -> None:
    """A worker that stalls until others have failed its task for the last time."""
    world.work.plan("a", Deed.OUTLIVES_ALL, Deed.FAILS)
    world.client.submit("a", {"n": 1})
    world.settle()


def dead_letter_of_a_running_task(*plan: Deed) -> Story:
    """Return the story of a message that SQS moves away while its last attempt runs."""

    def story(world: World) -> None:
        world.work.plan("a", *plan)
        world.client.submit("a", {"n": 1})
        for _ in range(settings.MAX_ATTEMPTS - 1):
            receive_again(world)  # their functions were never called
        last, tasks = receive_again(world), world.poller.tasks
        ShowAgain()(world)
        world.baton.run(lambda: world.poller.deliver(tasks, last), lambda: world.poll_steadily(1))
        world.settle()

    return story


def receive_again(world: World) -> Batch:
    """Receive the first message of the task queue, in flight or not; nothing if there is none."""
    queue = world.queues[settings.TASK_QUEUE]
    if not queue.messages:
        return []
    world.journal.add(Duplicated("a"))
    return [world.queues.hand_out(queue, queue.messages[0])]


_TWICE_AT_ONCE = "delivered twice at once"
SCENARIOS = (
    Scenario("delivered twice in a row", twice_in_a_row(Deed.DONE), {"a": completed()}, pairs=True),
    Scenario("delivered twice in a row, failing", twice_in_a_row(Deed.FAILS), {"a": dead(4)}),
    Scenario(
        "delivered twice in a row, failing for good", twice_in_a_row(Deed.FAILS_FOR_GOOD), {"a": dead(1)}
    ),
    Scenario(_TWICE_AT_ONCE, twice_at_once(Deed.DONE), {"a": completed()}, concurrent=True),
    Scenario(
        f"{_TWICE_AT_ONCE}, old receipt handles work",
        twice_at_once(Deed.DONE),
        {"a": completed()},
        concurrent=True,
        stale_handles_work=True,
    ),
    Scenario(f"{_TWICE_AT_ONCE}, failing first", twice_at_once(Deed.FAILS, Deed.DONE), concurrent=True),
    Scenario("a worker outlives its lease", outlives_its_lease, {"a": completed(2)}, pairs=True),
    Scenario(
        "a worker outlives its lease, old receipt handles work",
        outlives_its_lease,
        {"a": completed(2)},
        stale_handles_work=True,
    ),
    Scenario(
        "a worker outlives its lease beside another",
        outlives_its_lease_beside_another,
        concurrent=True,
        stale_handles_work=True,
    ),
    Scenario(
        "a worker outlives its lease before a neighbour",
        outlives_its_lease_before_a_neighbour,
        {"a": completed(), "b": completed()},
    ),
    Scenario("a worker outlives its lease and the task", outlives_and_others_fail, {"a": dead(3)}),
    Scenario("a dead letter of a running task", dead_letter_of_a_running_task(Deed.DONE), concurrent=True),
    Scenario(
        "a dead letter of a task that fails", dead_letter_of_a_running_task(Deed.FAILS), concurrent=True
    ),
)
