"""One run of chaos on a local cloud of its own, from an empty stack to the report."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.cloud import local_cloud
from ops.redrive import RateLimiter, SendReport, send_all, sender_for
from ops.stack.aws import Aws
from ops.stack.outputs import from_document
from ops.tasks import Selection, list_dead_letters
from taskguard.model.record import Status, TaskRecord
from tests.proofs.chaos.invariants import Evidence, gather, keeps_what_was
from tests.proofs.chaos.journal import Journal
from tests.proofs.chaos.nemesis import Storm
from tests.proofs.chaos.report import Findings
from tests.proofs.chaos.stack import Stack, Waiting
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
        Writes into an empty folder.
    say
        Shows the user a line.
    """

    plan: Plan
    stack: Stack
    journal: Journal
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        """Begin with nothing found."""
        self._findings = Findings(self.plan.tasks)
        self._waiting = Waiting(self.stack, self.say, self.plan.patience_seconds)
        self._storm = Storm(self.plan, self.stack, self.journal, self.say)

    def findings(self) -> Findings:
        """Let the storm rage, judge what it left, mend the cause of failure, redrive, and judge again."""
        began = time.monotonic()
        self.stack.shorten_waits(self.plan.process_timeout_seconds)
        self.stack.let_chaos_in(self.journal.folder, self.plan.fault_rate, self.plan.seed)
        self._storm.rage(self._waiting)
        self._note_storm()
        before = self._judge_storm()
        self._redrive()
        self._judge_redrive(before)
        self._findings.seconds = time.monotonic() - began
        return self._findings

    @property
    def _accepted(self) -> list[str]:
        return self._storm.answers.accepted_so_far()

    def _note_storm(self) -> None:
        found, storm = self._findings, self._storm
        found.accepted, found.repeats = len(storm.answers.accepted), storm.answers.repeats
        found.broken += [
            f"{task_id} was refused: {status}" for task_id, status in storm.answers.refused.items()
        ]
        found.sent_again, found.killed = storm.sent_again, storm.killer.killed

    def _judge_storm(self) -> dict[str, TaskRecord]:
        self.say(
            "The storm is over: no more faults, kills and duplicates; waiting for what is still under way."
        )
        self._come_to_rest()
        evidences = self._evidences()
        self._findings.judge(evidences)
        records = {each.task_id: each.record for each in evidences if each.record}
        self._findings.completed = _count(records, Status.COMPLETED)
        told = self.stack.told_dead()
        dead = {task_id for task_id, record in records.items() if record.status is Status.DEAD_LETTERED}
        self._findings.dead_lettered, self._findings.told = len(dead), len(dead & told)
        return records

    def _redrive(self) -> None:
        self.stack.end_simulation()
        aws = self.stack.aws
        letters = list_dead_letters(aws.dynamodb, aws.outputs.tasks_table_name, Selection())
        self.say(f"Simulated failures are off: sending {len(letters)} dead letters again.")
        ids = [letter.task_id for letter in letters]
        tally = send_all(ids, sender_for(aws).redrive, RateLimiter(_REDRIVES_A_SECOND).wait, lambda _: None)
        self._findings.redriven = len(tally.sent)
        self._findings.broken += _not_sent(tally)
        self._come_to_rest()

    def _judge_redrive(self, before: dict[str, TaskRecord]) -> None:
        evidences = self._evidences()
        self._findings.judge(evidences)
        for each in evidences:
            if each.task_id in before:
                self._findings.broken += [f"{each.task_id}: {how}" for how in keeps_what_was(before, each)]
        records = {each.task_id: each.record for each in evidences if each.record}
        self._findings.completed_after_redrive = _count(records, Status.COMPLETED)
        self._findings.calls = self.journal.calls()

    def _come_to_rest(self) -> None:
        # Both: a settled task's message may still come twice, and only quiet queues change nothing any more.
        self._waiting.until_settled(self._accepted)
        if not self._waiting.until_quiet():
            self._findings.broken.append("messages are still in the queues")

    def _evidences(self) -> list[Evidence]:
        payloads = {task_id: self.plan.payloads[task_id] for task_id in self._accepted}
        return gather(payloads, self.stack.records(), self.journal.lines())


def _count(records: dict[str, TaskRecord], status: Status) -> int:
    return sum(record.status is status for record in records.values())


def _not_sent(tally: SendReport) -> list[str]:
    return [
        f"{task_id} was not redriven: {why}" for task_id, why in {**tally.refused, **tally.failed}.items()
    ]


def chaos(plan: Plan, say: Callable[[str], None]) -> Findings:
    """Bring a local cloud up, let chaos into it, and take it down.

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
        return Run(plan, stack, Journal(Path(folder)), say).findings()
