"""One run of chaos on a local cloud of its own, from an empty stack to the report."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.cloud import local_cloud
from ops.many import RateLimiter, Tally, do_all
from ops.redrive import sender_for
from ops.stack.aws import Aws
from ops.stack.outputs import from_document
from ops.tasks import Selection, list_dead_letters
from taskguard.model.record import Status, TaskRecord
from tests.proofs.chaos.invariants import TaskHistory, histories_of, keeps_what_was
from tests.proofs.chaos.journal import Journal
from tests.proofs.chaos.nemesis import Nemesis
from tests.proofs.chaos.report import Report
from tests.proofs.chaos.stack import Stack, Waiter
from tests.proofs.chaos.workload import Plan

_REDRIVES_A_SECOND = 200.0


@dataclass
class Run:
    """Chaos on one stack.

    Parameters
    ----------
    stack
        Just deployed with `plan.settings()`.
    journal
        Of an empty folder.
    say
        Shows the user a line.
    """

    plan: Plan
    stack: Stack
    journal: Journal
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        """Start with an empty report."""
        self._report = Report(self.plan.tasks)
        self._waiter = Waiter(self.stack, self.say, self.plan.patience_seconds)
        self._nemesis = Nemesis(self.plan, self.stack, self.journal, self.say)

    def report(self) -> Report:
        """Run workload and nemesis, check, remove the cause of failures, redrive, and check again."""
        began = time.monotonic()
        self.stack.shorten_waits(self.plan.process_timeout_seconds)
        self.stack.install_faults(self.journal.folder, self.plan.fault_rate, self.plan.seed)
        self._nemesis.run(self._waiter)
        self._count_faults()
        before = self._check_before_redrive()
        self._redrive()
        self._check_after_redrive(before)
        self._report.seconds = time.monotonic() - began
        return self._report

    @property
    def _accepted(self) -> list[str]:
        return self._nemesis.answers.accepted_so_far()

    def _count_faults(self) -> None:
        found, nemesis = self._report, self._nemesis
        found.accepted, found.repeats = len(nemesis.answers.accepted), nemesis.answers.repeats
        found.violations += [
            f"{task_id} was refused: {status}" for task_id, status in nemesis.answers.refused.items()
        ]
        found.duplicates, found.killed = nemesis.duplicates, nemesis.killer.killed

    def _check_before_redrive(self) -> dict[str, TaskRecord]:
        self.say(
            "The storm is over: no more faults, kills and duplicates; waiting for what is still under way."
        )
        self._come_to_rest()
        histories = self._histories()
        self._report.check(histories)
        records = {each.task_id: each.record for each in histories if each.record}
        self._report.completed = _count(records, Status.COMPLETED)
        logged = self.stack.logged_dead_letters()
        dead = {task_id for task_id, record in records.items() if record.status is Status.DEAD_LETTERED}
        self._report.dead_lettered, self._report.logged = len(dead), len(dead & logged)
        return records

    def _redrive(self) -> None:
        self.stack.stop_simulated_failures()
        aws = self.stack.aws
        letters = list_dead_letters(aws.dynamodb, aws.outputs.tasks_table_name, Selection())
        self.say(f"Simulated failures are off: sending {len(letters)} dead letters again.")
        ids = [letter.task_id for letter in letters]
        report = do_all(ids, sender_for(aws).redrive, RateLimiter(_REDRIVES_A_SECOND).wait, lambda _: None)
        self._report.redriven = len(report.done)
        self._report.violations += _not_sent(report)
        self._come_to_rest()

    def _check_after_redrive(self, before: dict[str, TaskRecord]) -> None:
        histories = self._histories()
        self._report.check(histories)
        for each in histories:
            if each.task_id in before:
                self._report.violations += [f"{each.task_id}: {how}" for how in keeps_what_was(before, each)]
        records = {each.task_id: each.record for each in histories if each.record}
        self._report.completed_after_redrive = _count(records, Status.COMPLETED)
        self._report.calls = self.journal.calls()

    def _come_to_rest(self) -> None:
        # Both are needed: a message of a settled task may still be delivered a second time, and only when the
        # queues are empty can nothing change any more.
        self._waiter.until_settled(self._accepted)
        if not self._waiter.until_quiet():
            self._report.violations.append("messages are still in the queues")

    def _histories(self) -> list[TaskHistory]:
        payloads = {task_id: self.plan.payloads[task_id] for task_id in self._accepted}
        return histories_of(payloads, self.stack.records(), self.journal.lines())


def _count(records: dict[str, TaskRecord], status: Status) -> int:
    return sum(record.status is status for record in records.values())


def _not_sent(report: Tally) -> list[str]:
    return [
        f"{task_id} was not redriven: {why}" for task_id, why in {**report.refused, **report.failed}.items()
    ]


def chaos(plan: Plan, say: Callable[[str], None]) -> Report:
    """Start a local cloud, run the workload and the nemesis in it, and stop it.

    Raises
    ------
    local.errors.LocalCloudError
        It cannot be started, or the program cannot be deployed into it.
    """
    with (
        tempfile.TemporaryDirectory(prefix="taskguard-chaos-") as folder,
        local_cloud(overrides=plan.settings(), outputs_file=None, progress=say) as outputs,
    ):
        stack = Stack(Aws(from_document(outputs, "the local cloud")))
        return Run(plan, stack, Journal(Path(folder)), say).report()
