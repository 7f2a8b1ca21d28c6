"""What must hold after every run, whatever went wrong in it."""

from collections.abc import Callable, Iterator

from tests.proofs.simulation.invariants import endings, messages, records, work
from tests.proofs.simulation.world import World

Invariant = Callable[[World], Iterator[str]]
"""Yields a sentence for each violation."""

INVARIANTS: tuple[Invariant, ...] = (
    endings.the_system_comes_to_rest,
    endings.no_function_raises,
    endings.an_accepted_task_is_settled,
    endings.a_refused_submit_is_healed_by_repeating,
    endings.a_dead_letter_is_complete,
    work.work_never_starts_after_completion,
    work.one_worker_at_a_time,
    work.a_healthy_task_is_not_charged_an_attempt,
    work.a_healthy_message_does_not_come_back,
    records.completed_never_changes,
    records.history_only_grows,
    records.a_live_lease_is_respected,
    records.only_the_last_claimer_reports,
    records.a_permanent_failure_is_not_tried_again,
    messages.no_message_is_deleted_before_its_record_says_so,
)


def violations(world: World) -> list[str]:
    """Return what a run violated, each with the name of the invariant."""
    return [f"{check.__name__}: {found}" for check in INVARIANTS for found in check(world)]
