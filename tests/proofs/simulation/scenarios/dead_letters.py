"""Dead letters: redriven by the operator's tool or by SQS itself, late, or of tasks without a record."""

from tests.proofs.simulation import settings
from tests.proofs.simulation.scenarios.scenario import Scenario, completed, dead
from tests.proofs.simulation.scripted_work import DONE, Deed
from tests.proofs.simulation.simulator import World

ONE_ATTEMPT = (Deed.FAILS_FOR_GOOD,)
"""The shortest way to a dead letter."""


def die(world: World) -> None:
    """Let a task become a dead letter, and mend what made it fail."""
    world.work.plan("a", *ONE_ATTEMPT)
    world.client.submit("a", {"n": 1})
    world.settle()
    world.work.plan("a", *DONE)


def redriven(world: World) -> None:
    """The operator redrives once, whatever comes of it."""
    die(world)
    world.operator.redrive("a")
    world.settle()


def redriven_until_it_works(world: World) -> None:
    """The operator repeats the command until it reports success."""
    die(world)
    world.operator.redrive("a", tries=4)
    world.settle()


def redriven_in_vain(world: World) -> None:
    """Nothing was mended."""
    die(world)
    world.work.plan("a", *ONE_ATTEMPT)
    world.operator.redrive("a")
    world.settle()


def redriven_twice_at_once(world: World) -> None:
    """Two operators redrive the same task while the functions run."""
    die(world)
    world.baton.run(
        lambda: world.operator.redrive("a"),
        lambda: world.operator.redrive("a"),
        lambda: world.poll_steadily(1),
    )
    world.settle()


def redriven_while_the_functions_run(world: World) -> None:
    """The message may be done before the operator's tool has marked the record."""
    die(world)
    world.baton.run(lambda: world.operator.redrive("a"), lambda: world.poll_steadily(2))
    world.settle()


def natively(world: World) -> None:
    """The monitor was switched off, so SQS's own redrive finds the dead letter before it was recorded."""
    world.poller.dead_letters.enabled = False
    world.work.plan("a", Deed.FAILS, Deed.FAILS, Deed.FAILS, Deed.DONE)
    world.client.submit("a", {"n": 1})
    world.settle()
    world.redrive_natively()
    world.poller.dead_letters.enabled = True
    world.settle()


def natively_after_the_record(world: World) -> None:
    """The monitor recorded the dead letter but could not delete its message; then SQS redrives it."""
    die(world)
    body = '{"taskId":"a","payload":{"n":1},"generation":1}'
    world.queues.send_message(QueueUrl=settings.DEAD_LETTERS, MessageBody=body)
    world.redrive_natively()
    world.settle()


def stale_dead_letter(world: World) -> None:
    """A dead letter of the first life arrives while the second is on its way."""
    die(world)
    world.operator.redrive("a")
    body = '{"taskId":"a","payload":{"n":1},"generation":1}'
    world.queues.send_message(QueueUrl=settings.DEAD_LETTERS, MessageBody=body)
    world.baton.run(
        lambda: world.poller.deliver(
            world.poller.dead_letters, world.poller.receive(world.poller.dead_letters)
        ),
        lambda: world.poller.deliver(world.poller.tasks, world.poller.receive(world.poller.tasks)),
    )
    world.settle()


def stale_message(world: World) -> None:
    """SQS redrives an old dead letter natively after the operator's tool did; it comes first."""
    die(world)
    body = '{"taskId":"a","payload":{"n":1},"generation":1}'
    world.queues.send_message(QueueUrl=settings.TASK_QUEUE, MessageBody=body)
    world.baton.run(lambda: world.operator.redrive("a"), lambda: world.poll_steadily(1))
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
    Scenario("operator's redrive", redriven, {"a": completed(2)}, pairs=False),
    Scenario("operator's redrive until it works", redriven_until_it_works, {"a": completed(2)}),
    Scenario("operator's redrive in vain", redriven_in_vain, {"a": dead(2)}),
    Scenario(
        "operator's redrive twice at once", redriven_twice_at_once, {"a": completed(2)}, concurrent=True
    ),
    Scenario(
        "operator's redrive overtaken", redriven_while_the_functions_run, {"a": completed(2)}, concurrent=True
    ),
    Scenario("native SQS redrive", natively, {"a": completed(4)}),
    Scenario("native SQS redrive after the record", natively_after_the_record, {"a": completed(2)}),
    Scenario("a stale dead letter after a redrive", stale_dead_letter, {"a": completed(2)}, concurrent=True),
    Scenario("a stale message beside a redrive", stale_message, concurrent=True),
    Scenario("a dead letter without record", dead_letter_without_record, {"a": dead(0)}, pairs=True),
    Scenario("a dead letter twice", dead_letter_twice, {"a": dead(0)}, pairs=True),
)
