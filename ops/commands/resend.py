"""What `redrive` and `repair` share: listing or sending, and the report."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ops.resending import Tally


def list_or_send(
    task_ids: Sequence[str], send: Callable[[str], None], rate: float, *, dry_run: bool, named: bool
) -> None:
    """Send the tasks again, or only list them.

    Parameters
    ----------
    send
        Sends one.
    rate
        Tasks a second.
    dry_run
        Only list.
    named
        The user named each task: one that is not to be sent is then a failure, not just a change of the
        world since the list was made.

    Raises
    ------
    typer.Exit
        With code 1: a task that was to be sent was not.
    """
    if dry_run:
        typer.echo("\n".join([*task_ids, f"WOULD SEND: {len(task_ids)}"]))
        return
    tally = _send(task_ids, send, rate)
    _report("refused", tally.refused)
    _report("FAILED", tally.failed)
    typer.echo(f"SENT: {len(tally.sent)}\nREFUSED: {len(tally.refused)}\nFAILED: {len(tally.failed)}")
    if tally.failed or (named and tally.refused):
        raise typer.Exit(1)


def _send(task_ids: Sequence[str], send: Callable[[str], None], rate: float) -> "Tally":
    from rich.progress import Progress

    from ops.console import notes
    from ops.pace import Pace
    from ops.resending import send_all

    with Progress(console=notes, disable=not notes.is_terminal) as bars:
        bar = bars.add_task("sending", total=len(task_ids))
        return send_all(task_ids, send, Pace(rate).wait, lambda done: bars.update(bar, completed=done))


def _report(word: str, reasons: Mapping[str, str]) -> None:
    from ops.console import warn

    for task_id, reason in reasons.items():
        warn(f"{word} {task_id}: {reason}")
