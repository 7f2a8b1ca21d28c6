"""For the tests of your work: do an attempt here, with no AWS and no emulator, and check all your kinds.

    from taskguard.testing import check_kinds, perform

    def test_a_thumbnail_is_made():
        done = perform("thumbnail", {"url": "https://example.com/a.jpg"})
        assert done.status == "COMPLETED"

    def test_the_kinds_are_whole():
        check_kinds()

The folder `functions/` must be on the path, as it is under `make unit` and `make test`.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from taskguard.attempt import do_work
from taskguard.declarations import Mistake, check
from taskguard.kinds import PROBE_WORK, Kinds, program_kinds
from taskguard.model import json_text
from taskguard.model.clock import utc_now
from taskguard.model.json_text import Json
from taskguard.model.payload import checked_submission, schema_of
from taskguard.model.record import Status, TaskRecord, child_task_id
from taskguard.model.retry import Next, RetryPolicy
from taskguard.model.simulation import Simulation
from taskguard.perform import Performer
from taskguard.work import Context

__all__ = ["Child", "Done", "KindsError", "check_kinds", "perform"]

FUNCTIONS: Final = Path(__file__).resolve().parents[1]
DEFAULT_POLICY: Final = RetryPolicy(3, 5, 900)
"""The policy of a stack that sets none, without jitter, for kinds that leave figures out."""

TIME_LIMIT: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Child:
    """A task that the work submitted."""

    task_id: str
    kind: str
    payload: Json
    key: str


@dataclass(frozen=True, slots=True)
class Done:
    """What an attempt came to.

    Attributes
    ----------
    status
        The state that the task is in then: COMPLETED, RETRYING, or DEAD_LETTERED.
    result
        What the record keeps of a completed one.
    error
        What the work raised.
    children
        What it submitted, in order.
    wait
        How long the task waits for its next attempt; None if there is none.
    postponed
        Whether the work asked to be called later, so that the attempt does not count.
    """

    status: Status
    result: Json = None
    error: BaseException | None = None
    children: tuple[Child, ...] = ()
    wait: timedelta | None = None
    postponed: bool = False


def perform(  # noqa: PLR0913 - what a test may want to say of an attempt
    kind: str | None,
    payload: Json,
    *,
    attempt: int = 1,
    generation: int = 1,
    task_id: str = "test",
    created_at: datetime | None = None,
    policy: RetryPolicy = DEFAULT_POLICY,
    kinds: Kinds | None = None,
) -> Done:
    """Do one attempt at a task of a kind, as a worker would.

    Parameters
    ----------
    attempt
        Its number, from 1; also how many attempts are used up by then.
    created_at
        When the task was submitted; now if None. The deadline of work that asks to be called later counts
        from its first attempt, which is now.
    policy
        The stack's, of which the kind may have figures of its own.
    kinds
        The declarations; those of the program if None.

    Raises
    ------
    taskguard.model.errors.InvalidSubmission
        The kind is not known. A payload that does not fit is an attempt's failure, as for a worker.
    """
    known = program_kinds() if kinds is None else kinds
    found = known.find(kind)
    if found is None:
        checked_submission(known, kind, payload)  # names the kinds that there are
        raise AssertionError("an unknown kind was accepted")
    now = utc_now()
    record = TaskRecord(
        task_id=task_id,
        status=Status.PROCESSING,
        generation=generation,
        payload=payload,
        payload_hash=json_text.digest(payload),
        created_at=created_at or now,
        updated_at=now,
        generation_started_at=now,
        attempts_used=attempt,
        attempt_count=attempt,
        kind=found.name,
    )
    children: list[Child] = []

    def submit(child: str, child_payload: Json, key: str) -> str:
        wanted = checked_submission(known, child, child_payload)
        child_id = child_task_id(task_id, wanted.kind, json_text.digest(child_payload), key)
        children.append(Child(child_id, wanted.kind, child_payload, key))
        return child_id

    limit = found.kind.timeout_seconds
    deadline = now + (TIME_LIMIT if limit is None else timedelta(seconds=limit))
    context = Context(task_id, found.name, attempt, generation, record.created_at, deadline, "test", submit)
    error, result = do_work(Performer(known, Simulation()).perform, payload, context)
    if error is None:
        return Done(Status.COMPLETED, result, children=tuple(children))
    decision = policy.of_kind(found.kind).decide(error, record, now)
    over = decision.next in (Next.EXHAUSTED, Next.GIVE_UP)
    return Done(
        Status.DEAD_LETTERED if over else Status.RETRYING,
        error=error,
        children=tuple(children),
        wait=None if over else decision.wait,
        postponed=decision.next is Next.POSTPONE,
    )


class KindsError(AssertionError):
    """Kinds that cannot be done; `mistakes` has every one."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(self.mistakes))


def check_kinds(functions: Path = FUNCTIONS, kinds: Kinds | None = None) -> None:
    """Check the declarations, import the work of every kind, and see that each can be called.

    `pulumi preview` checks the declarations as well, but imports no work.

    Raises
    ------
    KindsError
        With everything that is wrong.
    """
    mistakes: list[Mistake] = check(functions)
    if mistakes:
        raise KindsError([str(mistake) for mistake in mistakes])
    known = program_kinds() if kinds is None else kinds
    performer = Performer(known, Simulation())
    faults = [fault for name in known.declared for fault in _faults(known, name, performer)]
    if faults:
        raise KindsError(faults)


def _faults(kinds: Kinds, name: str, performer: Performer) -> list[str]:
    kind = kinds.all[name]
    if kind.work == PROBE_WORK:
        return []
    faults = []
    try:
        faults += _faults_of_work(name, kind.work, performer.work(kind.work))
    except ImportError as error:
        faults.append(f"{name}: {error}")
    if kind.payload is not None:
        try:
            schema_of(kind.payload, "#")
        except Exception as error:  # whatever Pydantic thinks of it
            faults.append(f"{name}: payloads cannot be {kind.payload.__name__}: {error}")
    return faults


def _faults_of_work(name: str, where: str, work: Any) -> list[str]:
    if not callable(work):
        return [f"{name}: {where} is {work!r}, which cannot be called"]
    if inspect.isgeneratorfunction(work) or inspect.isasyncgenfunction(work):
        return [f"{name}: {where} yields: calling it makes a generator, which is no result"]
    try:
        inspect.signature(work).bind("payload", "context")
    except TypeError as error:
        return [f"{name}: {where} must take a payload and a context: {error}"]
    except ValueError:  # some built-in functions have no signature
        return []
    return []
