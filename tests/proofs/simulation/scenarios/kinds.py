"""Work that submits work, and programs that change while tasks wait."""

import json
from typing import Final

from taskguard.kinds import Kind, Lane
from taskguard.model import json_text
from taskguard.model.record import child_task_id
from tests.proofs.simulation import process
from tests.proofs.simulation.aws.event_bridge import due_call, scan_call
from tests.proofs.simulation.history import Child
from tests.proofs.simulation.program import BROKEN, program
from tests.proofs.simulation.scenarios.promises import completes_without_faults, served_within
from tests.proofs.simulation.scenarios.scenario import Scenario, Workload, completed, dead
from tests.proofs.simulation.scripted_work import AsksFor, Behaviour
from tests.proofs.simulation.simulator import Simulator

SLOW: Final = "slow"
LANES: Final = {SLOW: Lane()}
REPORT, VIDEO = Kind("work.reports:make"), Kind("work.videos:cut", lane=SLOW)
MINUTE, HOUR = 60, 3600

WITHOUT_REPORT = program(lanes=LANES)
BROKEN_REPORT = program(lanes=LANES, report=Kind(BROKEN), video=VIDEO)
WHOLE = program(lanes=LANES, report=REPORT, video=VIDEO)
MOVED = program(lanes=LANES, report=Kind(REPORT.work, lane=SLOW), video=VIDEO)
RENAMED = program(lanes=LANES, summary=Kind(REPORT.work, lane=SLOW, aliases=("report",)), video=VIDEO)
CLOSED = program(lanes={SLOW: Lane(closed=True)}, report=REPORT, video=Kind(VIDEO.work))
ONE_LANE = program(report=REPORT, video=Kind(VIDEO.work))

FIRST, SECOND = Child("video", {"of": "a"}), Child("video", {"of": "a"}, key="2")


def child_id(child: Child) -> str:
    """Return the id of a child of the task `a`."""
    return child_task_id("a", child.kind, json_text.digest(child.payload), child.key)


def parent(*plan: Behaviour, children: tuple[Child, ...] = (FIRST,)) -> Workload:
    """Return the workload of a task whose attempts submit these children, and then behave like this."""

    def workload(sim: Simulator) -> None:
        sim.event_bridge.calls.append(scan_call())
        sim.work.submits("a", *children)
        sim.work.script("a", *plan)
        sim.client.kinds["a"] = "report"
        sim.client.submit("a", {"n": 1})
        sim.settle()

    return workload


def unknown_until_deployed(sim: Simulator) -> None:
    """A producer that does not use the API is deployed before the worker; others of the lane go on."""
    sim.send_directly(json.dumps({"taskId": "a", "payload": 1, "kind": "report"}))
    sim.client.submit("h0", 1)
    sim.pass_time(2.5 * MINUTE)
    sim.client.submit("h1", 1)
    sim.deploy(WHOLE)
    sim.settle()


def broken_until_mended(sim: Simulator) -> None:
    """A kind whose module cannot be imported, beside one of the same lane that can."""
    sim.client.kinds["a"] = "report"
    sim.client.submit_batch({"a": 1, "h0": 1})
    sim.pass_time(2.5 * MINUTE)
    sim.deploy(WHOLE)
    sim.settle()


def waiting_in_every_way(sim: Simulator, kind: str) -> None:
    """Leave tasks of a kind waiting: failed, for a fresh message, in the table, and never begun."""
    sim.event_bridge.calls += [due_call(), scan_call()]
    sim.client.kinds |= dict.fromkeys(("a", "b", "c", "d"), kind)
    sim.work.script("a", Behaviour.FAILS, Behaviour.DONE)
    sim.work.script("b", AsksFor(90), Behaviour.DONE)
    sim.work.script("c", AsksFor(HOUR), Behaviour.DONE)
    sim.client.submit_batch({"a": 1, "b": 1, "c": 1})
    sim.run_visible()
    sim.client.submit("d", 1)


def moved(sim: Simulator) -> None:
    """A kind gets another lane while its tasks wait."""
    waiting_in_every_way(sim, "report")
    sim.deploy(MOVED)
    sim.settle()


def moved_one_function_at_a_time(sim: Simulator) -> None:
    """Workers of the new lane do not yet know that the kind is theirs, and hand its task back."""
    sim.client.kinds["a"] = "report"
    sim.client.submit("a", 1)
    sim.deploy(MOVED, behind=[(process.Kind.PROCESS, SLOW)], seconds=10)
    sim.settle()


def renamed(sim: Simulator) -> None:
    """A kind gets another name, and another lane, while its tasks wait."""
    waiting_in_every_way(sim, "report")
    sim.deploy(RENAMED)
    sim.client.submit("a", 1)  # a client that still says the old name, and repeats what it sent
    sim.settle()


def lane_taken_out(sim: Simulator) -> None:
    """A lane is closed, and taken out in a second deployment, when its queue is empty."""
    waiting_in_every_way(sim, "video")
    sim.deploy(CLOSED)
    sim.pass_time(20 * MINUTE)
    sim.deploy(ONE_LANE)
    sim.settle()


def redriven_after_it_moved(sim: Simulator) -> None:
    """A dead letter of a kind that has another lane by now."""
    sim.client.kinds["a"] = "report"
    sim.work.script("a", Behaviour.FAILS_FOR_GOOD, Behaviour.DONE)
    sim.client.submit("a", {"n": 1})
    sim.settle()
    sim.deploy(MOVED)
    sim.operator.redrive("a", tries=3)
    sim.settle()


def redriven_natively_into_another_lane(sim: Simulator) -> None:
    """SQS's own redrive puts all dead letters into one queue, whichever lane they are from."""
    sim.poller.dead_letters.enabled = False
    sim.client.kinds["a"] = "video"
    sim.work.script("a", Behaviour.FAILS_FOR_GOOD, Behaviour.DONE)
    sim.client.submit("a", {"n": 1})
    sim.settle()
    sim.redrive_natively()
    sim.poller.dead_letters.enabled = True
    sim.settle()


_WAITED = {"a": completed(2), "b": completed(2), "c": completed(2), "d": completed()}
_ALL_COMPLETE = (completes_without_faults(*_WAITED),)

SCENARIOS = (
    Scenario(
        "submits a task of another lane",
        parent(Behaviour.DONE),
        {"a": completed(), child_id(FIRST): completed()},
        program=WHOLE,
        pairs=True,
    ),
    Scenario(
        "killed after its child was submitted",
        parent(Behaviour.RUNS_OUT_OF_MEMORY, Behaviour.DONE),
        {"a": completed(2), child_id(FIRST): completed()},
        program=WHOLE,
    ),
    Scenario(
        "fails after it submitted two children, one of them twice",
        parent(Behaviour.FAILS, Behaviour.DONE, children=(FIRST, SECOND, FIRST)),
        {"a": completed(2), child_id(FIRST): completed(), child_id(SECOND): completed()},
        program=WHOLE,
    ),
    Scenario(
        "given up after its child was submitted",
        parent(Behaviour.FAILS_FOR_GOOD),
        {"a": dead(1), child_id(FIRST): completed()},
        program=WHOLE,
    ),
    Scenario(
        "a kind that nobody knows until it is deployed",
        unknown_until_deployed,
        {"a": completed(3), "h0": completed(), "h1": completed()},
        program=WITHOUT_REPORT,
        promises=(completes_without_faults("a"), served_within(MINUTE, "h0", "h1")),
        every=2,
    ),
    Scenario(
        "a kind that cannot be imported until it is mended",
        broken_until_mended,
        {"a": completed(3), "h0": completed()},
        program=BROKEN_REPORT,
        promises=(completes_without_faults("a"), served_within(MINUTE, "h0")),
        every=2,
    ),
    Scenario(
        "a kind moved while its tasks wait", moved, _WAITED, program=WHOLE, promises=_ALL_COMPLETE, every=3
    ),
    Scenario(
        "a kind moved, one function at a time",
        moved_one_function_at_a_time,
        {"a": completed()},
        program=WHOLE,
        promises=(completes_without_faults("a"),),
        every=2,
    ),
    Scenario(
        "a kind renamed while its tasks wait",
        renamed,
        _WAITED,
        program=WHOLE,
        promises=_ALL_COMPLETE,
        every=3,
    ),
    Scenario(
        "a lane closed, and taken out when it is empty",
        lane_taken_out,
        _WAITED,
        program=WHOLE,
        promises=_ALL_COMPLETE,
        every=3,
    ),
    Scenario(
        "operator's redrive after its kind moved",
        redriven_after_it_moved,
        {"a": completed(2)},
        program=WHOLE,
    ),
    Scenario(
        "native SQS redrive into another lane's queue",
        redriven_natively_into_another_lane,
        {"a": completed(2)},
        program=WHOLE,
    ),
)
