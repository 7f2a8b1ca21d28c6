"""SQS delivers more than once, early, late, and to several workers at a time."""

from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.poller import Batch
from tests.proofs.simulation.history import DuplicateDelivery
from tests.proofs.simulation.program import TASK_QUEUE
from tests.proofs.simulation.scenarios.actions import MakeVisible
from tests.proofs.simulation.scenarios.scenario import Scenario, Workload, completed, dead
from tests.proofs.simulation.scripted_work import Behaviour
from tests.proofs.simulation.simulator import Simulator


def twice_in_a_row(*plan: Behaviour) -> Workload:
    """Return the workload of a message that is delivered again after its function has ended."""

    def workload(sim: Simulator) -> None:
        sim.work.script("a", *plan)
        sim.client.submit("a", {"n": 1})
        batch = sim.poller.receive(sim.poller.tasks)
        sim.poller.deliver(sim.poller.tasks, batch)
        sim.history.add(DuplicateDelivery("a"))
        sim.poller.deliver(sim.poller.tasks, batch)
        sim.settle()

    return workload


def twice_at_once(*plan: Behaviour) -> Workload:
    """Return the workload of a message that two functions get at the same time."""

    def workload(sim: Simulator) -> None:
        sim.work.script("a", *plan)
        sim.client.submit("a", {"n": 1})
        batch, tasks = receive_again(sim), sim.poller.tasks
        MakeVisible()(sim)
        sim.scheduler.run(lambda: sim.poller.deliver(tasks, batch), lambda: sim.poll_steadily(1))
        sim.settle()

    return workload


def outlives_its_lease(sim: Simulator) -> None:
    """A worker that stalls until others have completed its task, and then reports."""
    sim.work.script("a", Behaviour.OUTLIVES_ALL, Behaviour.DONE)
    sim.client.submit("a", {"n": 1})
    sim.settle()


def outlives_its_lease_before_a_neighbour(sim: Simulator) -> None:
    """A worker that comes to the next message of its batch after its timeout."""
    sim.work.script("a", Behaviour.OUTLIVES_ITS_LEASE, Behaviour.DONE)
    sim.client.submit("a", {"n": 1})
    sim.client.submit("b", {"n": 2})
    sim.settle()


def outlives_its_lease_beside_another(sim: Simulator) -> None:
    """A worker that reports while another one is at its task."""
    sim.work.script("a", Behaviour.OUTLIVES_ITS_LEASE, Behaviour.DONE)
    sim.client.submit("a", {"n": 1})
    batch, tasks = sim.poller.receive(sim.poller.tasks), sim.poller.tasks
    sim.scheduler.run(lambda: sim.poller.deliver(tasks, batch), lambda: sim.poll_steadily(1))
    sim.settle()


def outlives_and_others_fail(sim: Simulator) -> None:
    """A worker that stalls until others have failed its task for the last time."""
    sim.work.script("a", Behaviour.OUTLIVES_ALL, Behaviour.FAILS)
    sim.client.submit("a", {"n": 1})
    sim.settle()


def dead_letter_of_a_running_task(*plan: Behaviour) -> Workload:
    """Return the workload of a message that SQS moves away while its last attempt runs."""

    def workload(sim: Simulator) -> None:
        sim.work.script("a", *plan)
        sim.client.submit("a", {"n": 1})
        for _ in range(settings.MAX_RECEIVES - 1):
            receive_again(sim)  # their functions were never called
        last, tasks = receive_again(sim), sim.poller.tasks
        MakeVisible()(sim)
        sim.scheduler.run(lambda: sim.poller.deliver(tasks, last), lambda: sim.poll_steadily(1))
        sim.settle()

    return workload


def receive_again(sim: Simulator) -> Batch:
    """Receive the first message of the task queue, in flight or not; nothing if there is none."""
    queue = sim.queues[TASK_QUEUE]
    if not queue.messages:
        return []
    sim.history.add(DuplicateDelivery("a"))
    return [sim.queues.hand_out(queue, queue.messages[0])]


_TWICE_AT_ONCE = "delivered twice at once"
SCENARIOS = (
    Scenario("delivered twice in a row", twice_in_a_row(Behaviour.DONE), {"a": completed()}, pairs=True),
    Scenario("delivered twice in a row, failing", twice_in_a_row(Behaviour.FAILS), {"a": dead(3)}),
    Scenario(
        "delivered twice in a row, failing for good", twice_in_a_row(Behaviour.FAILS_FOR_GOOD), {"a": dead(1)}
    ),
    Scenario(_TWICE_AT_ONCE, twice_at_once(Behaviour.DONE), {"a": completed()}, concurrent=True),
    Scenario(
        f"{_TWICE_AT_ONCE}, old receipt handles work",
        twice_at_once(Behaviour.DONE),
        {"a": completed()},
        concurrent=True,
        stale_handles_work=True,
    ),
    Scenario(
        f"{_TWICE_AT_ONCE}, failing first", twice_at_once(Behaviour.FAILS, Behaviour.DONE), concurrent=True
    ),
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
    Scenario(
        "a dead letter of a running task", dead_letter_of_a_running_task(Behaviour.DONE), concurrent=True
    ),
    Scenario(
        "a dead letter of a task that fails", dead_letter_of_a_running_task(Behaviour.FAILS), concurrent=True
    ),
)
