"""Messages that the API did not send."""

from tests.proofs.simulation import settings
from tests.proofs.simulation.scenarios.scenario import Scenario, Story, completed, dead
from tests.proofs.simulation.work import Deed
from tests.proofs.simulation.world import World


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


def dead_letter_without_record(world: World) -> None:
    """A dead letter of a task that no attempt could ever be recorded of."""
    body = '{"taskId":"a","payload":{"n":1},"generation":1}'
    world.queues.send_message(QueueUrl=settings.DEAD_LETTERS, MessageBody=body)
    world.settle()


def dead_letter_twice(world: World) -> None:
    """Two dead letters of one task, in one batch."""
    dead_letter_without_record(world)
    dead_letter_without_record(world)


SCENARIOS = (
    Scenario("written to the queue directly", direct(Deed.DONE), {"a": completed()}, pairs=True),
    Scenario("written to the queue directly, failing", direct(Deed.FAILS), {"a": dead(3)}),
    Scenario("written directly and submitted", direct_and_submitted, {"a": completed()}),
    Scenario("a body that is no JSON", no_json, {"unreadable:message-1": dead(0)}, pairs=True),
    Scenario("no JSON among tasks", no_json_among_tasks, {"a": completed(), "b": completed()}),
    Scenario("a dead letter without record", dead_letter_without_record, {"a": dead(0)}, pairs=True),
    Scenario("a dead letter twice", dead_letter_twice, {"a": dead(0)}, pairs=True),
)
