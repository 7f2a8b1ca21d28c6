"""What `redrive` and `repair` share: listing or sending, and the report."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ops.resending import Tally


@dataclass(frozen=True)
class Sending:
    """How one task is sent, and how to look, without sending, whether it would be."""

    send: Callable[[str], object]
    look: Callable[[str], object]


def list_or_send(
    task_ids: Sequence[str], sending: Sending, rate: float, *, dry_run: bool, named: bool
) -> None:
    """Send the tasks again, or only list them.

    Parameters
    ----------
    sending
        How one is sent, and how it is looked at.
    rate
        Tasks sent a second.
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
    tally = _tally(task_ids, sending.look, None) if dry_run else _tally(task_ids, sending.send, rate)
    _report("refused", tally.refused)
    _report("FAILED", tally.failed)
    if dry_run:
        typer.echo("".join(f"{task_id}\n" for task_id in tally.sent), nl=False)
    typer.echo(f"{'WOULD SEND' if dry_run else 'SENT'}: {len(tally.sent)}")
    typer.echo(f"REFUSED: {len(tally.refused)}\nFAILED: {len(tally.failed)}")
    if tally.failed or (named and tally.refused):
        raise typer.Exit(1)


def _tally(task_ids: Sequence[str], send: Callable[[str], object], rate: float | None) -> "Tally":
    from rich.progress import Progress

    from ops.console import notes
    from ops.pace import Pace
    from ops.resending import send_all

    with Progress(console=notes, disable=not notes.is_terminal) as bars:
        bar = bars.add_task("tasks", total=len(task_ids))
        wait = Pace(rate or float("inf")).wait
        return send_all(task_ids, send, wait, lambda done: bars.update(bar, completed=done))


def _report(word: str, reasons: Mapping[str, str]) -> None:
    from ops.console import warn

    for task_id, reason in reasons.items():
        warn(f"{word} {task_id}: {reason}")
