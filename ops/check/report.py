"""A check's progress and result, written for people and for scripts."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from ops.check.result import CheckedTask, CheckResult, latency
from ops.check.run import Progress
from ops.console import notes, print_table
from ops.tasks import error_line
from taskguard.model.record import Outcome, Status

_SAMPLE = 8
_MARKS = {
    Outcome.COMPLETED: "ok",
    Outcome.FAILED: "failed",
    Outcome.POSTPONED: "postponed",
    None: "unfinished",
}


def sample(tasks: Sequence[CheckedTask], size: int = _SAMPLE) -> list[CheckedTask]:
    """Choose a few tasks that show every kind of ending: unsettled, dead-lettered, retried, done at once."""
    kinds: dict[tuple[str, int], list[CheckedTask]] = {}
    for task in tasks:
        kinds.setdefault((task.status, len(task.outcomes)), []).append(task)
    ordered = [kinds[kind] for kind in sorted(kinds, key=lambda kind: (kind[0] == Status.COMPLETED, kind))]
    rounds = [group[turn] for turn in range(size) for group in ordered if turn < len(group)]
    return sorted(rounds[:size], key=lambda task: task.task_id)


def print_sample(console: Console, result: CheckResult) -> None:
    """Print a sample of the records."""
    chosen = sample(result.tasks)
    title = f"{len(chosen)} of {len(result.tasks)} records"
    table = Table(title=title, title_justify="left", header_style="bold")
    for heading in ("task", "status", "attempts", "settled after", "last error"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "task")
    for task in chosen:
        table.add_row(*_row(task))
    print_table(console, table)


def print_latency(console: Console, result: CheckResult) -> None:
    """Print how long the run took, and how long the API took to answer."""
    middle, high = latency(result.submit_seconds)
    console.print(
        f"{len(result.tasks)} accepted of {result.submitted} submitted; last settled after "
        f"{result.duration_seconds:.1f} s; submit median {middle:.0f} ms, p95 {high:.0f} ms"
    )


def print_refused(console: Console, result: CheckResult) -> None:
    """Print how many tasks the API did not accept, for each reason, with an example."""
    reasons: dict[str, list[str]] = {}
    for task_id, reason in result.refused.items():
        reasons.setdefault(reason, []).append(task_id)
    for reason, task_ids in reasons.items():
        console.print(f"NOT ACCEPTED: {len(task_ids)} ({task_ids[0]} ...): {reason}", style="red")


def print_lost(console: Console, result: CheckResult, most: int = 10) -> None:
    """Print which accepted tasks did not settle in time."""
    lost = [f"{task.task_id} ({task.status})" for task in result.tasks if not task.settled]
    if lost:
        more = f" and {len(lost) - most} more" if len(lost) > most else ""
        console.print(f"NOT SETTLED IN TIME: {', '.join(lost[:most])}{more}", style="red")
        console.print("Are tasks being taken from the queue? `python -m ops status` tells.")


def final_lines(result: CheckResult) -> list[str]:
    """Return the five lines that scripts look for."""
    counts = result.counts()
    return [
        f"SUCCESS: {counts['success_first_attempt']}",
        f"FAILURE: {counts['failed_first_attempt']}",
        f"COMPLETED: {counts['completed']}",
        f"DEAD_LETTERED: {counts['dead_lettered']}",
        f"LOST: {counts['lost']}",
    ]


def _row(task: CheckedTask) -> tuple[str, ...]:
    return (
        task.task_id,
        task.status,
        ", ".join(_MARKS[outcome] for outcome in task.outcomes) or "none",
        _settled_after(task),
        error_line(task.record.last_error if task.record else None),
    )


def _settled_after(task: CheckedTask) -> str:
    """Write the time from the record's creation until it settled, by the record's own times."""
    record = task.record
    settled_at = record and (record.completed_at or record.dead_lettered_at or record.cancelled_at)
    if not (record and settled_at):
        return ""
    return f"{(settled_at - record.created_at).total_seconds():.1f} s"


_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def live_progress(total: int) -> Iterator[Callable[[Progress], None]]:
    """Show progress, as bars on a terminal and as a line now and then elsewhere.

    Yields
    ------
    callable
        Shows the progress that it is given.
    """
    if notes.is_terminal:
        with _bars() as bars:
            yield _on_terminal(bars, total)
    else:
        yield _in_lines()


def line_of(progress: Progress) -> str:
    """Write progress in one line."""
    return (
        f"submitted {progress.submitted}/{progress.total}, "
        f"settled {progress.settled}/{progress.submitted}; {progress.depth}"
    )


def _bars() -> Bars:
    columns = (TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Bars(
        *columns, TextColumn("{task.fields[queue]}", markup=False), console=notes, refresh_per_second=4
    )


def _on_terminal(bars: Bars, total: int) -> Callable[[Progress], None]:
    submitted = bars.add_task("submitted", total=total, queue="")
    settled = bars.add_task("settled", total=total, queue="")

    def show(progress: Progress) -> None:
        bars.update(submitted, completed=progress.submitted)
        bars.update(settled, completed=progress.settled, queue=str(progress.depth))

    return show


def _in_lines() -> Callable[[Progress], None]:
    """Print a line every few seconds at most, and when everything has settled."""
    last_time = float("-inf")

    def show(progress: Progress) -> None:
        nonlocal last_time
        if progress.settled < progress.total and time.monotonic() - last_time < _SECONDS_BETWEEN_LINES:
            return
        last_time = time.monotonic()
        notes.print(line_of(progress))

    return show
