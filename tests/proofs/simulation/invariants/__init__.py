"""All invariants of a run: they must hold under every schedule, whatever went wrong in it."""

from tests.proofs.kit.invariants import Invariant
from tests.proofs.simulation.invariants import every_step, final_state
from tests.proofs.simulation.simulator import Simulator

INVARIANTS: tuple[Invariant[Simulator], ...] = (
    final_state.the_system_comes_to_rest,
    final_state.no_function_raises,
    final_state.an_accepted_task_is_settled,
    final_state.a_refused_submit_succeeds_when_repeated,
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
