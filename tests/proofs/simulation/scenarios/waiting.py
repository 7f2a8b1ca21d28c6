"""Tasks whose work asks to be called later, and what wakes them: a delayed message, or the waker."""

from datetime import timedelta

from tests.proofs.simulation.aws.event_bridge import due_call, scan_call
from tests.proofs.simulation.limits import Limits
from tests.proofs.simulation.scenarios.promises import completes_without_faults, served_within
from tests.proofs.simulation.scenarios.scenario import Scenario, Workload, completed, dead
from tests.proofs.simulation.schedule import Fault
from tests.proofs.simulation.scripted_work import AsksFor, Behaviour, Script
from tests.proofs.simulation.simulator import Simulator

MINUTE, HOUR, DAY = 60, 3600, 86_400
FEW_IN_FLIGHT = Limits(most_in_flight=3)
WAITING, HEALTHY = ("w0", "w1", "w2", "w3"), ("h0", "h1")


def postponed(*waits: float, calls: bool = False) -> Workload:
    """Return the workload of a task that asks for these waits and then succeeds."""

    def workload(sim: Simulator) -> None:
        if calls:
            sim.event_bridge.calls.append(due_call())
        sim.work.script("a", *map(AsksFor, waits), Behaviour.DONE)
        sim.client.submit("a", {"n": 1})
        sim.settle()

    return workload


def postponed_and_failing(sim: Simulator) -> None:
    """Failures are counted across the waits that the work asked for."""
    sim.work.script(
        "a", AsksFor(1), Behaviour.FAILS, AsksFor(90), Behaviour.FAILS, AsksFor(1), Behaviour.FAILS
    )
    sim.client.submit("a", {"n": 1})
    sim.settle()


def woken_late(*plan: float) -> Workload:
    """Return the workload of tasks whose scheduler is late, calls twice, and says nothing for hours."""

    def workload(sim: Simulator) -> None:
        call = due_call()
        call.late_seconds, call.times = 50, 2
        call.silent_until = sim.clock() + timedelta(hours=3)
        sim.event_bridge.calls.append(call)
        sim.work.script("a", *map(AsksFor, plan), Behaviour.DONE)
        sim.client.submit("a", {"n": 1})
        sim.settle()

    return workload


def woken_by_an_index_behind(sim: Simulator) -> None:
    """The index still shows a task that has been woken, and not yet one that waits anew."""
    postponed(HOUR, HOUR, calls=True)(sim)


def submitted_twice(wait: float, times: int) -> Workload:
    """Return the workload of a task with two messages, whose work asks for so many waits."""

    def workload(sim: Simulator) -> None:
        sim.work.script("a", *[AsksFor(wait)] * times, Behaviour.DONE)
        sim.client.submit("a", {"n": 1})
        sim.client.submit("a", {"n": 1})
        sim.settle()

    return workload


def duplicate_of_a_waiting_task(sim: Simulator) -> None:
    """A message of a task that waits in the table comes again: the waker did not send it."""
    sim.event_bridge.calls.append(due_call())
    sim.work.script("a", AsksFor(2 * HOUR), Behaviour.DONE)
    sim.client.submit("a", {"n": 1})
    sim.run_visible()
    sim.send_directly('{"taskId":"a","payload":{"n":1}}')
    sim.settle()


def others_wait(seconds: float) -> Workload:
    """Return the workload of tasks that wait long while few may be in flight, and of others that never do."""

    def workload(sim: Simulator) -> None:
        sim.event_bridge.calls.append(due_call())
        for task in WAITING:
            sim.work.script(task, AsksFor(seconds), Behaviour.DONE)
            sim.client.submit(task, 1)
        sim.run_visible()
        for task in HEALTHY:
            sim.client.submit(task, 1)
        sim.settle()

    return workload


def outage(sim: Simulator) -> None:
    """For an hour everything that the work calls is down and asks to come back; some work calls nothing."""
    sim.event_bridge.calls += [due_call(), scan_call()]
    sim.work.down_until, sim.work.down_asks_for = sim.clock() + timedelta(hours=1), AsksFor(10 * MINUTE)
    sim.work.unaffected.update(HEALTHY)
    for task in WAITING:
        sim.client.submit(task, 1)
    sim.pass_time(20 * MINUTE)
    for task in HEALTHY:
        sim.client.submit(task, 1)
    sim.settle()


def outage_with_long_waits(sim: Simulator) -> None:
    """The same where the work asks for waits that only the table can hold."""
    outage_asks = AsksFor(20 * MINUTE)
    sim.event_bridge.calls += [due_call(), scan_call()]
    sim.work.down_until, sim.work.down_asks_for = sim.clock() + timedelta(hours=1), outage_asks
    sim.client.submit("w0", 1)
    sim.client.submit("w1", 1)
    sim.settle()


TWENTY: Script = (*(AsksFor(1) for _ in range(20)), Behaviour.DONE)

SCENARIOS = (
    Scenario(
        "asks for a second, twenty times",
        postponed(*[1] * 20),
        {"a": completed(21)},
        promises=(completes_without_faults("a"),),
        every=4,
    ),
    Scenario(
        "asks for a minute with two messages, ten times",
        submitted_twice(60, 10),
        {"a": completed(11)},
        promises=(completes_without_faults("a"),),
        every=6,
    ),
    Scenario("asks for nothing, twice", postponed(0, -5), {"a": completed(3)}),
    Scenario("asks for a minute and a half", postponed(90), {"a": completed(2)}, pairs=True),
    Scenario("asks for ten minutes", postponed(600), {"a": completed(2)}),
    Scenario("asks for an hour", postponed(HOUR, calls=True), {"a": completed(2)}),
    Scenario("asks for more than its deadline", postponed(8 * DAY, calls=True), {"a": dead(1)}),
    Scenario("asks for time between failures", postponed_and_failing, {"a": dead(6)}),
    Scenario("woken late, and asks again", woken_late(HOUR, HOUR), {"a": completed(3)}, every=2),
    Scenario(
        "woken by an index behind its table",
        woken_by_an_index_behind,
        {"a": completed(3)},
        limits=Limits(index_lag_seconds=400),
        every=3,
    ),
    Scenario(
        "a duplicate of a task that waits in the table", duplicate_of_a_waiting_task, {"a": completed(2)}
    ),
    Scenario(
        "others wait ten minutes while few may be in flight",
        others_wait(600),
        {task: completed(2) for task in WAITING} | {task: completed() for task in HEALTHY},
        limits=FEW_IN_FLIGHT,
        promises=(served_within(MINUTE, *HEALTHY),),
        every=3,
    ),
    Scenario(
        "others wait an hour while few may be in flight",
        others_wait(HOUR),
        {task: completed(2) for task in WAITING} | {task: completed() for task in HEALTHY},
        limits=FEW_IN_FLIGHT,
        promises=(served_within(MINUTE, *HEALTHY),),
        every=5,
    ),
    Scenario(
        "an hour's outage of what the work calls",
        outage,
        {task: completed(7) for task in WAITING} | {task: completed() for task in HEALTHY},
        limits=FEW_IN_FLIGHT,
        promises=(served_within(MINUTE, *HEALTHY), completes_without_faults(*WAITING)),
        every=25,
    ),
    Scenario(
        "an hour's outage, with waits in the table",
        outage_with_long_waits,
        {"w0": completed(4), "w1": completed(4)},
        promises=(completes_without_faults("w0", "w1"),),
        every=10,
    ),
    Scenario(
        "asks for a minute and a half, while invocations are throttled",
        postponed(90),
        {"a": completed(2)},
        more_faults={Fault.THROTTLED},
    ),
)
