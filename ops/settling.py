"""A run of tasks, from submission until all have settled."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ops.api import Answer
from ops.depths import Depth
from ops.errors import InterruptedByUserError, OpsError
from ops.outcomes import Outcome, Result, outcome_of
from ops.records import Record
from ops.submitting import Submitting

POLL_SECONDS = 1.0
_NAMED = 3


@dataclass(frozen=True)
class Progress:
    """Where a run stands: tasks submitted and settled, of how many, and the task queue's depth."""

    total: int
    submitted: int
    settled: int
    depth: Depth


@dataclass(frozen=True)
class View:
    """What a run sees of its stack.

    Attributes
    ----------
    read
        Reads the records of these tasks, by id.
    depth
        Reads the task queue's depth.
    show
        Shows the user where the run stands.
    clock, sleep
        Monotonic seconds, and waiting for some; tests put their own in their place.
    """

    read: Callable[[Sequence[str]], Mapping[str, Record]]
    depth: Callable[[], Depth]
    show: Callable[[Progress], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Run:
    """A run under way; it begins when it is made.

    Attributes
    ----------
    total
        How many tasks it has.
    view
        What it sees of its stack.
    """

    total: int
    view: View
    _answers: dict[str, Answer] = field(default_factory=dict, init=False)
    _outcomes: dict[str, Outcome] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Note the time."""
        self._began = self._last_settled = self.view.clock()

    def follow(self, submitting: Submitting, timeout: float) -> Result:
        """Watch until every accepted task has settled, or for some seconds after the last submission.

        Raises
        ------
        OpsError
            A task's id was there before this run.
        InterruptedByUserError
            The user pressed Ctrl-C; the text says which tasks are still running.
        """
        try:
            self._watch(submitting, timeout)
        except KeyboardInterrupt:
            raise InterruptedByUserError(self._unfinished()) from None
        return self._result()

    def _watch(self, submitting: Submitting, timeout: float) -> None:
        deadline = float("inf")
        while True:
            all_submitted = submitting.done  # asked before the answers, so that none is missed
            self._note_answers(submitting.answers())
            self._note_records()
            self._show()
            if all_submitted and not self._unsettled():
                return
            now = self.view.clock()
            if now >= deadline:
                return
            if all_submitted:
                deadline = min(deadline, now + timeout)
            self.view.sleep(POLL_SECONDS)

    def _note_answers(self, answers: dict[str, Answer]) -> None:
        self._answers = answers
        refuse_used_name(next((task_id for task_id, answer in answers.items() if answer.existed), None))
        for task_id, answer in answers.items():
            if answer.accepted:
                self._outcomes.setdefault(task_id, Outcome(task_id))

    def _note_records(self) -> None:
        records = self.view.read(self._unsettled())
        seen = {task_id: outcome_of(record) for task_id, record in records.items()}
        self._outcomes.update(seen)
        if any(outcome.settled for outcome in seen.values()):
            self._last_settled = self.view.clock()

    def _unsettled(self) -> list[str]:
        return [task_id for task_id, outcome in self._outcomes.items() if not outcome.settled]

    def _show(self) -> None:
        settled = len(self._outcomes) - len(self._unsettled())
        self.view.show(Progress(self.total, len(self._answers), settled, self.view.depth()))

    def _result(self) -> Result:
        return Result(
            submitted=self.total,
            outcomes=tuple(outcome for _, outcome in sorted(self._outcomes.items())),
            refused={each: answer.detail for each, answer in self._answers.items() if not answer.accepted},
            duration_seconds=self._last_settled - self._began,
            submit_seconds=tuple(answer.seconds for answer in self._answers.values() if answer.accepted),
        )

    def _unfinished(self) -> str:
        still_open = self._unsettled()
        first = still_open[:_NAMED] + ["..."] * (len(still_open) > _NAMED)
        return (
            f"Interrupted: {len(self._answers)} of {self.total} tasks submitted, "
            f"{len(still_open)} still running{': ' if first else ''}{' '.join(first)}."
        )


def refuse_used_name(existing: str | None) -> None:
    """Raise an error if a task of this run was there before it."""
    if existing:
        raise OpsError(
            f"This run's name is already used on this stack: task {existing} exists. "
            "Choose another with --run."
        )
