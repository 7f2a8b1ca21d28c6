"""All invariants of a run: they must hold under every schedule, whatever went wrong in it."""

from tests.proofs.kit.invariants import Invariant
from tests.proofs.simulation.invariants import every_step, final_state, kinds, messages
from tests.proofs.simulation.simulator import Simulator

INVARIANTS: tuple[Invariant[Simulator], ...] = (
    final_state.the_system_comes_to_rest,
    final_state.no_function_raises,
    final_state.an_accepted_task_is_settled,
    final_state.a_refused_submit_succeeds_when_repeated,
    final_state.a_dead_letter_is_complete,
    messages.a_blameless_task_is_no_dead_letter,
    every_step.work_never_starts_after_completion,
    every_step.one_worker_at_a_time,
    every_step.nothing_is_tried_before_its_time,
    every_step.no_generation_has_more_attempts_than_allowed,
    every_step.a_postponed_attempt_is_not_counted,
    final_state.a_blameless_task_is_not_charged_an_attempt,
    final_state.a_healthy_message_does_not_come_back,
    every_step.what_has_ended_never_changes,
    every_step.states_follow_each_other_as_designed,
    every_step.history_only_grows,
    every_step.a_history_is_bounded,
    every_step.a_live_lease_is_respected,
    every_step.only_the_last_claimer_reports,
    every_step.indexes_tell_the_truth,
    messages.no_message_is_deleted_before_its_record_says_so,
    messages.only_short_waits_are_hidden,
    messages.no_task_waits_for_nothing_for_long,
    messages.the_net_is_not_needed,
    kinds.work_is_done_in_its_lane,
    kinds.a_child_is_submitted_once,
    kinds.what_completes_lists_its_children,
)
