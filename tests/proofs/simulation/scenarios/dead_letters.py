"""Dead letters: redriven by the operator's tool or by SQS itself, late, or of tasks without a record."""

from tests.proofs.simulation import settings
from tests.proofs.simulation.program import TASK_QUEUE
from tests.proofs.simulation.scenarios.promises import completes_without_faults
from tests.proofs.simulation.scenarios.scenario import Scenario, completed, dead
from tests.proofs.simulation.scripted_work import DONE, Behaviour
from tests.proofs.simulation.simulator import Simulator

MESSAGE = '{"taskId":"a","payload":{"n":1},"generation":1}'
COPY = '{"taskId":"a","payload":{"n":1},"generation":1,"deadLetter":true}'
"""What the worker sends to the dead-letter queue when it gives up."""

ONE_ATTEMPT = (Behaviour.FAILS_FOR_GOOD,)
"""The shortest way to a dead letter."""


def dead_letter_a_task(sim: Simulator) -> None:
    """Let a task become a dead letter, and remove what made it fail."""
    sim.work.script("a", *ONE_ATTEMPT)
    sim.client.submit("a", {"n": 1})
    sim.settle()
    sim.work.script("a", *DONE)


def redriven(sim: Simulator) -> None:
    """The operator redrives once, whether or not the command succeeds."""
    dead_letter_a_task(sim)
    sim.operator.redrive("a")
    sim.settle()


def redriven_until_it_works(sim: Simulator) -> None:
    """The operator repeats the command until it reports success."""
    dead_letter_a_task(sim)
    sim.operator.redrive("a", tries=4)
    sim.settle()


def redriven_in_vain(sim: Simulator) -> None:
    """The operator redrives although the work still fails."""
    dead_letter_a_task(sim)
    sim.work.script("a", *ONE_ATTEMPT)
    sim.operator.redrive("a")
    sim.settle()


def redriven_twice_at_once(sim: Simulator) -> None:
    """Two operators redrive the same task while the functions run."""
    dead_letter_a_task(sim)
    sim.scheduler.run(
        lambda: sim.operator.redrive("a"),
        lambda: sim.operator.redrive("a"),
        lambda: sim.poll_steadily(1),
    )
    sim.settle()


def redriven_while_the_functions_run(sim: Simulator) -> None:
    """The message may be processed before the operator's tool has marked the record."""
    dead_letter_a_task(sim)
    sim.scheduler.run(lambda: sim.operator.redrive("a"), lambda: sim.poll_steadily(2))
    sim.settle()


def natively(sim: Simulator) -> None:
    """The monitor is disabled, so that SQS's own redrive takes the dead letter before it was recorded."""
    sim.poller.dead_letters.enabled = False
    sim.work.script("a", Behaviour.FAILS, Behaviour.FAILS, Behaviour.FAILS, Behaviour.DONE)
    sim.client.submit("a", {"n": 1})
    sim.settle()
    sim.redrive_natively()
    sim.poller.dead_letters.enabled = True
    sim.settle()


def natively_after_the_record(sim: Simulator) -> None:
    """The monitor recorded a dead letter whose message was not deleted; then SQS redrives that message."""
    dead_letter_a_task(sim)
    sim.queues.send_message(QueueUrl=settings.DEAD_LETTERS, MessageBody=COPY)
    sim.redrive_natively()
    sim.settle()


def natively_in_the_net(sim: Simulator) -> None:
    """The same of a message that does not say it is a dead letter: it must change nothing."""
    dead_letter_a_task(sim)
    sim.queues.send_message(QueueUrl=TASK_QUEUE, MessageBody=MESSAGE)
    sim.settle()


def discarded(sim: Simulator) -> None:
    """The operator ends a dead letter; what is left of its messages comes too late."""
    dead_letter_a_task(sim)
    sim.operator.discard("a")
    sim.queues.send_message(QueueUrl=TASK_QUEUE, MessageBody=COPY)
    sim.queues.send_message(QueueUrl=settings.DEAD_LETTERS, MessageBody=COPY)
    sim.settle()


def discarded_beside_a_redrive(sim: Simulator) -> None:
    """One operator ends a dead letter while another redrives it and the functions run."""
    dead_letter_a_task(sim)
    sim.scheduler.run(
        lambda: sim.operator.redrive("a"),
        lambda: sim.operator.discard("a"),
        lambda: sim.poll_steadily(1),
    )
    sim.settle()


def redriven_after_all_attempts(sim: Simulator) -> None:
    """The new generation has all its attempts, although the old one used up its own."""
    sim.work.script("a", Behaviour.FAILS)
    sim.client.submit("a", {"n": 1})
    sim.settle()
    sim.work.script("a", *[Behaviour.FAILS] * 4, Behaviour.DONE)
    sim.operator.redrive("a")
    sim.settle()


def stale_dead_letter(sim: Simulator) -> None:
    """A dead letter of the first generation arrives while the second is on its way."""
    dead_letter_a_task(sim)
    sim.operator.redrive("a")
    sim.queues.send_message(QueueUrl=settings.DEAD_LETTERS, MessageBody=MESSAGE)
    sim.scheduler.run(
        lambda: sim.poller.deliver(sim.poller.dead_letters, sim.poller.receive(sim.poller.dead_letters)),
        lambda: sim.poller.deliver(sim.poller.tasks, sim.poller.receive(sim.poller.tasks)),
    )
    sim.settle()


def stale_message(sim: Simulator) -> None:
    """SQS redrives an old dead letter natively after the operator's tool did; it comes first."""
    dead_letter_a_task(sim)
    sim.queues.send_message(QueueUrl=TASK_QUEUE, MessageBody=MESSAGE)
    sim.scheduler.run(lambda: sim.operator.redrive("a"), lambda: sim.poll_steadily(1))
    sim.settle()


def dead_letter_without_record(sim: Simulator) -> None:
    """A dead letter of a task of which no attempt could ever be recorded."""
    sim.queues.send_message(QueueUrl=settings.DEAD_LETTERS, MessageBody=MESSAGE)
    sim.settle()


def dead_letter_twice(sim: Simulator) -> None:
    """Two dead letters of one task, in one batch."""
    dead_letter_without_record(sim)
    dead_letter_without_record(sim)


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
    Scenario("an old message of a dead letter", natively_in_the_net, {"a": dead(1)}),
    Scenario("a dead letter discarded", discarded, {"a": ("CANCELLED", 1)}),
    Scenario("a dead letter discarded beside a redrive", discarded_beside_a_redrive, concurrent=True),
    Scenario(
        "operator's redrive after all attempts",
        redriven_after_all_attempts,
        {"a": completed(5)},
        promises=(completes_without_faults("a"),),
    ),
    Scenario("a stale dead letter after a redrive", stale_dead_letter, {"a": completed(2)}, concurrent=True),
    Scenario("a stale message beside a redrive", stale_message, concurrent=True),
    Scenario("a dead letter without record", dead_letter_without_record, {"a": dead(0)}, pairs=True),
    Scenario("a dead letter twice", dead_letter_twice, {"a": dead(0)}, pairs=True),
)
