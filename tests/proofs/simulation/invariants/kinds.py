"""What must hold of kinds, lanes and children."""

from collections.abc import Iterator

from taskguard.model.record import CHILDREN_KEPT
from tests.proofs.simulation.history import ChildSubmitted, RecordWritten, WorkStarted
from tests.proofs.simulation.simulator import Simulator


def work_is_done_in_its_lane(sim: Simulator) -> Iterator[str]:
    """Work starts only as a kind that its worker knows, by the kind's present name, in the kind's lane."""
    for event in sim.history.of(WorkStarted):
        found = event.kinds.find(event.kind)
        if found is None or found.name != event.kind:
            yield f"task {event.task} was tried as {event.kind}, which its worker does not know"
        elif found.kind.lane != event.lane:
            yield f"task {event.task} of lane {found.kind.lane} was tried in lane {event.lane}"


def a_child_is_submitted_once(sim: Simulator) -> Iterator[str]:
    """However often an attempt is made again: there is one task of a parent, kind, payload and key."""
    recorded: dict[str, set[str]] = {}
    for task, item in sim.table.records.items():
        if "parentId" in item:
            recorded.setdefault(item["parentId"]["S"], set()).add(task)
    for parent, children in recorded.items():
        asked = sim.work.asked(parent)
        if len(children) > len(asked):
            yield f"task {parent} has {len(children)} children, and asked for {len(asked)}"


def what_completes_lists_its_children(sim: Simulator) -> Iterator[str]:
    """A record that becomes COMPLETED lists what its last attempt submitted."""
    submitted: dict[tuple[int, str], set[str]] = {}
    for event in sim.history.events:
        if isinstance(event, ChildSubmitted):
            submitted.setdefault((event.process_id, event.parent), set()).add(event.task)
        elif isinstance(event, RecordWritten) and event.item["status"]["S"] == "COMPLETED":
            listed = {child["S"] for child in event.item.get("children", {"L": []})["L"]}
            missing = submitted.get((event.process_id, event.task), set()) - listed
            if missing and len(listed) < CHILDREN_KEPT:
                yield f"task {event.task} does not list {', '.join(sorted(missing))}"
