"""Messages that are gone: expired or purged; and what finds their tasks."""

from datetime import timedelta

from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.event_bridge import scan_call
from tests.proofs.simulation.limits import Limits
from tests.proofs.simulation.program import TASK_QUEUE
from tests.proofs.simulation.scenarios.promises import completes_without_faults, served_within
from tests.proofs.simulation.scenarios.scenario import Scenario, completed, dead
from tests.proofs.simulation.scripted_work import AsksFor, Behaviour
from tests.proofs.simulation.simulator import Simulator

HOUR, DAY = 3600, 86_400
RETENTION = settings.RETENTION_DAYS * DAY
FORGETS = Limits(retention_seconds=RETENTION, dead_letter_retention_seconds=2 * RETENTION)


def paused(sim: Simulator) -> None:
    """The mapping is disabled for longer than the queue keeps messages; the daily scan finds the task."""
    sim.event_bridge.calls.append(scan_call())
    sim.poller.tasks.enabled = False
    sim.client.submit("a", {"n": 1})
    sim.pass_time(RETENTION + 3 * DAY)
    sim.poller.tasks.enabled = True
    sim.settle()


def paused_between_attempts(sim: Simulator) -> None:
    """The same for a task that waits for its second attempt, and for one whose worker was killed."""
    sim.event_bridge.calls.append(scan_call())
    sim.work.script("a", Behaviour.FAILS, Behaviour.DONE)
    sim.work.script("b", Behaviour.RUNS_OUT_OF_MEMORY, Behaviour.DONE)
    sim.client.submit("a", {"n": 1})
    sim.run_visible()
    sim.client.submit("b", {"n": 1})
    sim.run_visible()
    sim.poller.tasks.enabled = False
    sim.pass_time(RETENTION + 3 * DAY)
    sim.poller.tasks.enabled = True
    sim.settle()


def paused_and_submitted_again(sim: Simulator) -> None:
    """No scan runs; a client submits the stranded task again."""
    sim.work.script("a", Behaviour.FAILS, Behaviour.DONE)
    sim.client.submit("a", {"n": 1})
    sim.run_visible()
    sim.poller.tasks.enabled = False
    sim.pass_time(RETENTION + 2 * HOUR)
    sim.poller.tasks.enabled = True
    sim.client.submit("a", {"n": 1})
    sim.settle()


def scheduler_fails(sim: Simulator) -> None:
    """The daily call is late, comes twice, and not at all for some days."""
    call = scan_call()
    call.late_seconds, call.times = 50, 2
    call.silent_until = sim.clock() + timedelta(days=settings.RETENTION_DAYS, hours=20)
    sim.event_bridge.calls.append(call)
    sim.poller.tasks.enabled = False
    sim.client.submit("a", {"n": 1})
    sim.pass_time(RETENTION + DAY)
    sim.poller.tasks.enabled = True
    sim.settle()


def scan_is_cut(sim: Simulator) -> None:
    """Every scan is killed after its first pages; each goes on where the last one stopped."""
    call = scan_call()
    call.steps_left = {"scan": 5}
    sim.event_bridge.calls.append(call)
    sim.poller.tasks.enabled = False
    for number in range(10):
        sim.client.submit(f"t{number}", 1)
    sim.pass_time(RETENTION + DAY)
    sim.poller.tasks.enabled = True
    sim.settle()


def purged(sim: Simulator) -> None:
    """The queue is purged; the operator repairs every open task, after the minute that a purge may take."""
    sim.work.script("a", Behaviour.FAILS, Behaviour.DONE)
    sim.work.script("w", AsksFor(600), Behaviour.DONE)
    for task in ("a", "w"):
        sim.client.submit(task, {"n": 1})
    sim.run_visible()
    sim.poller.tasks.enabled = False
    for task in ("b", "c"):
        sim.client.submit(task, {"n": 1})
    sim.queues.purge_queue(QueueUrl=TASK_QUEUE)
    sim.pass_time(60)
    for _ in range(3):
        sim.operator.repair_all(assume_empty=True)
    sim.poller.tasks.enabled = True
    sim.settle()


def purged_and_repaired_twice(sim: Simulator) -> None:
    """Two operators repair the task of a purged message while the functions run."""
    sim.client.submit("a", {"n": 1})
    sim.queues.purge_queue(QueueUrl=TASK_QUEUE)
    sim.scheduler.run(
        lambda: sim.operator.repair("a", assume_empty=True),
        lambda: sim.operator.repair("a", assume_empty=True),
        lambda: sim.poll_steadily(1),
    )
    sim.settle()
    sim.operator.repair("a", assume_empty=True)
    sim.settle()


def given_up_and_forgotten(sim: Simulator) -> None:
    """The dead letter's copy expires before it is buried; the scan sends another, not to the task queue."""
    sim.event_bridge.calls.append(scan_call())
    sim.poller.dead_letters.enabled = False
    sim.work.script("a", Behaviour.FAILS_FOR_GOOD)
    sim.client.submit("a", {"n": 1})
    sim.pass_time(2 * RETENTION + DAY)
    sim.poller.dead_letters.enabled = True
    sim.settle()


def expires_while_it_is_tried(sim: Simulator) -> None:
    """A message expires during its attempt, so that it cannot be hidden for the next: a new one is sent."""
    sim.event_bridge.calls.append(scan_call())
    sim.poller.tasks.enabled = False
    sim.work.script("a", Behaviour.HANGS, Behaviour.DONE)
    sim.client.submit("a", {"n": 1})
    sim.pass_time(RETENTION - 10)
    sim.poller.tasks.enabled = True
    sim.settle()


SCENARIOS = (
    Scenario("paused for longer than the queue remembers", paused, {"a": completed()}, limits=FORGETS),
    Scenario(
        "paused between attempts",
        paused_between_attempts,
        {"a": completed(2), "b": completed(2)},
        limits=FORGETS,
    ),
    Scenario("paused, and submitted again", paused_and_submitted_again, {"a": completed(2)}, limits=FORGETS),
    Scenario("paused while the scheduler fails", scheduler_fails, {"a": completed()}, limits=FORGETS),
    Scenario(
        "a daily scan that is cut after its first pages",
        scan_is_cut,
        {f"t{n}": completed() for n in range(10)},
        limits=Limits(retention_seconds=RETENTION, page_bytes=1),
        every=20,
    ),
    Scenario(
        "a purge, and repair",
        purged,
        {"a": completed(2), "b": completed(), "c": completed(), "w": completed(2)},
        limits=Limits(purge_takes_what_follows=True),
        promises=(completes_without_faults("a", "b", "c", "w"),),
        every=5,
    ),
    Scenario(
        "a purge, and two repairs at once", purged_and_repaired_twice, {"a": completed()}, concurrent=True
    ),
    Scenario(
        "given up, and the copy is forgotten",
        given_up_and_forgotten,
        {"a": dead(1)},
        limits=FORGETS,
        every=15,
    ),
    Scenario(
        "a message that expires while it is tried",
        expires_while_it_is_tried,
        {"a": completed(2)},
        limits=Limits(retention_seconds=RETENTION),
        promises=(served_within(RETENTION + HOUR, "a", a_fault_costs=2 * DAY),),
    ),
)
