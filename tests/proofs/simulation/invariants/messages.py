"""When a message may go."""

from collections.abc import Iterator

from taskguard.model.clock import to_text
from tests.proofs.simulation import settings
from tests.proofs.simulation.aws.table import Item
from tests.proofs.simulation.journal import Deleted, Fact, Queued, Wrote
from tests.proofs.simulation.world import World


def no_message_is_deleted_before_its_record_says_so(world: World) -> Iterator[str]:
    """A message goes when its task is done, put aside or lives on in another message; not before."""
    facts = world.journal.facts
    for at, fact in enumerate(facts):
        if isinstance(fact, Deleted):
            since = facts[max(n for n in range(at) if _is_arrival(facts[n], fact)) : at]
            states = _states(facts[: at - len(since)], since, fact.task)
            if not any(_allows(state, fact, since) for state in states):
                last = states[-1]["status"]["S"] if states else "without a record"
                yield f"{fact.message_id} left {fact.queue} while task {fact.task} was {last}"


def _is_arrival(fact: Fact, deleted: Deleted) -> bool:
    return isinstance(fact, Queued) and fact.message_id == deleted.message_id and fact.queue == deleted.queue


def _states(before: list[Fact], since: list[Fact], task: str) -> list[Item]:
    """Return the states of a record since a message arrived, the one that it found included."""
    return _items(before, task)[-1:] + _items(since, task)


def _items(facts: list[Fact], task: str) -> list[Item]:
    return [fact.item for fact in facts if isinstance(fact, Wrote) and fact.task == task]


def _allows(state: Item, deleted: Deleted, since: list[Fact]) -> bool:
    generation = int(state["generation"]["N"])
    if state["status"]["S"] == "COMPLETED" or generation > deleted.generation:
        return True
    if state["status"]["S"] == "DEAD_LETTERED":
        return deleted.queue == settings.DEAD_LETTERS or _buried_since(state, since[0])
    return "permanent" in state and any(_is_copy(fact, deleted) for fact in since)


def _buried_since(state: Item, arrival: Fact) -> bool:
    """Tell whether the task was put aside after the message came; else the message is to wake it again."""
    return isinstance(arrival, Queued) and str(state["deadLetteredAt"]["S"]) >= to_text(arrival.at)


def _is_copy(fact: Fact, deleted: Deleted) -> bool:
    return (
        isinstance(fact, Queued)
        and fact.queue == settings.DEAD_LETTERS
        and fact.task == deleted.task
        and fact.message_id != deleted.message_id
    )
