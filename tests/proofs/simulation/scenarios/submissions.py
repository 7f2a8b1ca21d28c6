"""Tasks that arrive: from a client, once or again, or straight on the queue without the API."""

from tests.proofs.simulation.scenarios.scenario import Scenario, Workload, completed, dead
from tests.proofs.simulation.scripted_work import Behaviour, Script
from tests.proofs.simulation.simulator import Simulator

FAILING: Script = (Behaviour.FAILS,)


def one_task(*plan: Behaviour) -> Workload:
    """Return the workload of one task."""

    def workload(sim: Simulator) -> None:
        sim.work.script("a", *plan)
        sim.client.submit("a", {"n": 1})
        sim.settle()

    return workload


def batch_with_poison(sim: Simulator) -> None:
    """Ten tasks in one batch; the fourth always fails."""
    sim.work.script("t3", *FAILING)
    for number in range(10):
        sim.client.submit(f"t{number}", number)
    sim.settle()


def never_repeats(sim: Simulator) -> None:
    """A client that does not repeat what was answered 503."""
    sim.client.submit("a", {"n": 1}, tries=1)
    sim.settle()


def repaired(sim: Simulator) -> None:
    """Such a client's task is sent again by the operator, needed or not."""
    never_repeats(sim)
    sim.operator.repair("a", assume_empty=True)
    sim.settle()


def repaired_while_the_functions_run(sim: Simulator) -> None:
    """The operator's tool sends a task again while it is being processed."""
    sim.client.submit("a", {"n": 1})
    sim.scheduler.run(lambda: sim.operator.repair("a", assume_empty=True), lambda: sim.poll_steadily(1))
    sim.settle()


def submits_a_batch(sim: Simulator) -> None:
    """Two tasks in one request."""
    sim.client.submit_batch({"a": {"n": 1}, "b": {"n": 2}})
    sim.settle()


def repeats_after_success(sim: Simulator) -> None:
    """A client that did not hear its 202; the second message waits in the queue behind the first."""
    sim.client.submit("a", {"n": 1})
    sim.client.submit("a", {"n": 1})
    sim.settle()


def repeats_when_done(sim: Simulator) -> None:
    """A client that submits a task again long after it was completed."""
    sim.client.submit("a", {"n": 1})
    sim.settle()
    sim.client.submit("a", {"n": 1})
    sim.settle()


def conflicts(sim: Simulator) -> None:
    """Two clients use the same id for different tasks."""
    sim.client.submit("a", {"n": 1})
    sim.client.submit("a", {"n": 2}, tries=1)
    sim.settle()


def submits_twice_at_once(sim: Simulator) -> None:
    """The same submit over two connections, while the queue is polled."""
    sim.scheduler.run(
        lambda: sim.client.submit("a", {"n": 1}),
        lambda: sim.client.submit("a", {"n": 1}),
        lambda: sim.poll_steadily(1),
    )
    sim.settle()


def direct(*plan: Behaviour) -> Workload:
    """Return the workload of a task that a producer wrote to the queue, without a record."""

    def workload(sim: Simulator) -> None:
        sim.work.script("a", *plan)
        sim.send_directly('{"taskId":"a","payload":{"n":1}}')
        sim.settle()

    return workload


def direct_and_submitted(sim: Simulator) -> None:
    """The same task on the queue and through the API."""
    sim.send_directly('{"taskId":"a","payload":{"n":1}}')
    sim.client.submit("a", {"n": 1})
    sim.settle()


def no_json(sim: Simulator) -> None:
    """A body that is no JSON."""
    sim.send_directly("no JSON")
    sim.settle()


def no_json_among_tasks(sim: Simulator) -> None:
    """A body that is no JSON, in one batch with tasks."""
    sim.client.submit("a", {"n": 1})
    sim.send_directly("[]")
    sim.client.submit("b", {"n": 1})
    sim.settle()


SCENARIOS = (
    Scenario("success", one_task(Behaviour.DONE), {"a": completed()}, pairs=True),
    Scenario(
        "failure, then success", one_task(Behaviour.FAILS, Behaviour.DONE), {"a": completed(2)}, pairs=True
    ),
    Scenario("always failing", one_task(Behaviour.FAILS), {"a": dead(3)}),
    Scenario("permanent failure", one_task(Behaviour.FAILS_FOR_GOOD), {"a": dead(1)}, pairs=True),
    Scenario(
        "asks to be tried later", one_task(Behaviour.ASKS_FOR_TIME, Behaviour.DONE), {"a": completed(2)}
    ),
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
    Scenario("written to the queue directly", direct(Behaviour.DONE), {"a": completed()}, pairs=True),
    Scenario("written to the queue directly, failing", direct(Behaviour.FAILS), {"a": dead(3)}),
    Scenario("written directly and submitted", direct_and_submitted, {"a": completed()}),
    Scenario("a body that is no JSON", no_json, {"unreadable:message-1": dead(0)}, pairs=True),
    Scenario("no JSON among tasks", no_json_among_tasks, {"a": completed(), "b": completed()}),
)
