"""Workers that die, hang, are throttled or refused, and records at their greatest size."""

from taskguard.model.message import MAX_PAYLOAD_BYTES, Message
from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.event_bridge import due_call, scan_call
from tests.proofs.simulation.aws.values import item_size
from tests.proofs.simulation.process import Kind
from tests.proofs.simulation.scenarios.actions import MakeVisible
from tests.proofs.simulation.scenarios.deliveries import receive_again
from tests.proofs.simulation.scenarios.promises import (
    completes_without_faults,
    last_error_is,
    received_once,
    served_within,
)
from tests.proofs.simulation.scenarios.scenario import Scenario, Workload, completed, dead
from tests.proofs.simulation.scenarios.submissions import one_task
from tests.proofs.simulation.schedule import REFUSALS, Fault
from tests.proofs.simulation.scripted_work import AsksFor, Behaviour
from tests.proofs.simulation.simulator import Simulator

REDRIVES = 30
NEIGHBOURS = tuple(f"t{n}" for n in range(10) if n != 3)


def throttled(times: int, *plan: Behaviour) -> Workload:
    """Return the workload of a message that is received so often without an invocation."""

    def workload(sim: Simulator) -> None:
        sim.poller.tasks.throttled = times
        one_task(*plan)(sim)

    return workload


def batch_with(behaviour: Behaviour) -> Workload:
    """Return the workload of ten tasks in one batch, of which the fourth always behaves like this."""

    def workload(sim: Simulator) -> None:
        sim.work.script("t3", behaviour)
        for number in range(10):
            sim.client.submit(f"t{number}", number)
        sim.settle()

    return workload


def killed_with_two_messages(sim: Simulator) -> None:
    """A worker is killed in the last attempt; then two messages come, of which each could end the task."""
    sim.work.script("a", Behaviour.FAILS, Behaviour.FAILS, Behaviour.RUNS_OUT_OF_MEMORY)
    sim.client.submit("a", {"n": 1})
    sim.pass_time(5 * settings.BACKOFF_BASE_SECONDS)  # its lease is over, and its message still hidden
    sim.send_directly('{"taskId":"a","payload":{"n":1}}')
    MakeVisible()(sim)
    tasks = sim.poller.tasks
    batches = [sim.poller.receive(tasks, most=1) for _ in range(2)]
    sim.scheduler.run(
        lambda: sim.poller.deliver(tasks, batches[0]),
        lambda: sim.poller.deliver(tasks, batches[1]),
        lambda: sim.poll_steadily(1),
    )
    sim.settle()


def in_the_net(seconds: float) -> Workload:
    """Return the workload of a message that SQS moves although its task was postponed at last."""

    def workload(sim: Simulator) -> None:
        sim.event_bridge.calls += [due_call(), scan_call()]
        sim.work.script("a", AsksFor(seconds), Behaviour.DONE)
        sim.client.submit("a", {"n": 1})
        for _ in range(settings.MAX_RECEIVES - 1):
            receive_again(sim)  # their functions are never called
            sim.clock.advance(settings.VISIBILITY_SECONDS)
        last = receive_again(sim)
        receive_again(sim)  # by somebody else: the handle of the one before it deletes nothing any more
        sim.poller.deliver(sim.poller.tasks, last)
        sim.settle()

    return workload


def result_is_too_large(sim: Simulator) -> None:
    """A result that the record cannot hold: the work is not done again for that."""
    sim.table.largest_item = 8_000
    sim.work.script("a", Behaviour.DONE_AT_LENGTH)
    sim.client.submit("a", {"n": 1})
    sim.settle()


def burial_is_too_large(sim: Simulator) -> None:
    """A record that can hold no more is buried without its history."""
    sim.poller.dead_letters.enabled = False
    sim.work.script("a", Behaviour.FAILS_AT_LENGTH)
    sim.client.submit("a", {"n": 1})
    sim.settle()
    if "a" in sim.table.items:
        sim.table.largest_item = item_size(sim.table.items["a"])
    sim.poller.dead_letters.enabled = True
    sim.settle()


def refused_until_mended(kind: Kind, operation: str, *plan: Behaviour | AsksFor) -> Workload:
    """Return the workload of a task during which a role lacks a permission for ten minutes."""

    def workload(sim: Simulator) -> None:
        sim.work.script("a", *plan)
        with sim.injector.refusing(kind, operation, Fault.ACCESS_DENIED):
            sim.client.submit("a", {"n": 1})
            sim.pass_time(600)
        sim.settle()

    return workload


def large_and_redriven(sim: Simulator) -> None:
    """A record at its greatest: payload and result at their limits, errors in characters of four bytes."""
    sim.work.script("a", *[Behaviour.FAILS_AT_LENGTH] * REDRIVES, Behaviour.DONE_AT_LENGTH)
    # Straight to the queue: the API's limit is that of a body, in which such characters may be escaped.
    sim.send_directly(Message("a", "\U0001f600" * ((MAX_PAYLOAD_BYTES - 2) // 4)).body())
    sim.settle()
    for _ in range(REDRIVES):
        sim.operator.redrive("a", tries=3)
        sim.settle()


SCENARIOS = (
    Scenario("received in vain four times", throttled(4, Behaviour.DONE), {"a": completed()}),
    Scenario(
        "every receive throttled, one at a time",
        one_task(Behaviour.FAILS, Behaviour.DONE),
        {"a": completed(2)},
        more_faults={Fault.THROTTLED},
    ),
    Scenario(
        "so many receives in vain that the net takes the message",
        throttled(settings.MAX_RECEIVES, Behaviour.DONE),
        {"a": dead(0)},
    ),
    Scenario(
        "in the net, though a fresh message was sent",
        in_the_net(600),
        {"a": completed(2)},
        promises=(completes_without_faults("a"),),
    ),
    Scenario(
        "in the net, though the task waits in the table",
        in_the_net(3600),
        {"a": completed(2)},
        promises=(completes_without_faults("a"),),
        every=2,
    ),
    Scenario("a worker killed at every attempt", one_task(Behaviour.RUNS_OUT_OF_MEMORY), {"a": dead(3)}),
    Scenario("killed at its last attempt, and two messages come", killed_with_two_messages, concurrent=True),
    Scenario(
        "a batch of ten with one that takes all memory",
        batch_with(Behaviour.RUNS_OUT_OF_MEMORY),
        {task: completed() for task in NEIGHBOURS} | {"t3": dead(3)},
        every=4,
    ),
    Scenario(
        "hanging, then success", one_task(Behaviour.HANGS, Behaviour.DONE), {"a": completed(2)}, pairs=True
    ),
    Scenario(
        "always hanging",
        one_task(Behaviour.HANGS),
        {"a": dead(3)},
        promises=(last_error_is("TimedOut", "a"),),
    ),
    Scenario(
        "a batch of ten with one that hangs",
        batch_with(Behaviour.HANGS),
        {task: completed() for task in NEIGHBOURS} | {"t3": dead(3)},
        promises=(received_once(*NEIGHBOURS), served_within(settings.TIMEOUT_SECONDS, *NEIGHBOURS)),
        every=4,
    ),
    Scenario(
        "every call refused, one at a time",
        one_task(Behaviour.FAILS, Behaviour.DONE),
        {"a": completed(2)},
        more_faults=REFUSALS,
    ),
    Scenario(
        "every call refused, one at a time, and given up",
        one_task(Behaviour.FAILS_FOR_GOOD),
        {"a": dead(1)},
        more_faults=REFUSALS,
    ),
    Scenario("a result that the table refuses", result_is_too_large, {"a": dead(1)}),
    Scenario("a burial that the table refuses", burial_is_too_large, {"a": dead(1)}),
    Scenario(
        "no permission to send, and given up",
        refused_until_mended(Kind.PROCESS, "send_message", Behaviour.FAILS_FOR_GOOD),
        {"a": dead(1)},
    ),
    Scenario(
        "no permission to send, and postponed",
        refused_until_mended(Kind.PROCESS, "send_message", AsksFor(90), Behaviour.DONE),
        {"a": completed(2)},
    ),
    Scenario(
        "no permission to bury",
        refused_until_mended(Kind.MONITOR, "update_item", Behaviour.FAILS_FOR_GOOD),
        {"a": dead(1)},
    ),
    Scenario(
        "a large task redriven thirty times",
        large_and_redriven,
        {"a": completed(REDRIVES + 1)},
        promises=(completes_without_faults("a"),),
        every=400,
    ),
)
