"""Live progress of a run, on standard error."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from ops.console import notes
from ops.settling import Progress

_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def live_progress(total: int) -> Iterator[Callable[[Progress], None]]:
    """Show bars on a terminal, and a line now and then elsewhere; yields the function to call."""
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
    """Print a line at most every few seconds, and when all has settled."""
    last_time = float("-inf")

    def show(progress: Progress) -> None:
        nonlocal last_time
        if progress.settled < progress.total and time.monotonic() - last_time < _SECONDS_BETWEEN_LINES:
            return
        last_time = time.monotonic()
        notes.print(line_of(progress))

    return show
