"""What must hold after every run, whatever went wrong in it."""

from collections.abc import Callable, Iterator

from tests.proofs.simulation.invariants import every_step, final_state
from tests.proofs.simulation.simulator import World

Invariant = Callable[[World], Iterator[str]]
"""Yields a sentence for each violation."""

INVARIANTS: tuple[Invariant, ...] = (
    final_state.the_system_comes_to_rest,
    final_state.no_function_raises,
    final_state.an_accepted_task_is_settled,
    final_state.a_refused_submit_is_healed_by_repeating,
    final_state.a_dead_letter_is_complete,
    every_step.work_never_starts_after_completion,
    every_step.one_worker_at_a_time,
    final_state.a_healthy_task_is_not_charged_an_attempt,
    final_state.a_healthy_message_does_not_come_back,
    every_step.completed_never_changes,
    every_step.history_only_grows,
    every_step.a_live_lease_is_respected,
    every_step.only_the_last_claimer_reports,
    every_step.a_permanent_failure_is_not_tried_again,
    every_step.no_message_is_deleted_before_its_record_says_so,
)


def violations(world: World) -> list[str]:
    """Return what a run violated, each with the name of the invariant."""
    return [f"{check.__name__}: {found}" for check in INVARIANTS for found in check(world)]
