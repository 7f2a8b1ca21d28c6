"""`repair`: messages for tasks that have lost theirs."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands.many import SEND, act_on_all
from ops.commands.options import DryRun, Outputs, Rate, Stack, parse_length
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.repair import Repairer

REPAIR_EXAMPLES = """
Examples:

  python -m ops repair --dry-run

  python -m ops repair --older-than 1h --stack prod

  python -m ops repair --assume-empty --stack prod

A task waits in vain if its message is gone: SQS forgets messages after the queue's retention, a purge
deletes them, and a submit may die before it sends one. `wake_tasks` looks for such tasks once a day; this
command does it now, over the whole table. It counts as lost what is older than the queue keeps messages, and
a first attempt that is overdue by --older-than; after a purge, --assume-empty counts every message as lost.
Tasks that wait in the table, with a due time, are the waker's and are left alone. Sending too much is safe:
of two messages for one attempt, the second is dropped.
"""

_OLDER_THAN = "15m"


def repair(  # noqa: PLR0913 - one parameter an option
    *,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than",
            metavar="LENGTH",
            help=f"How long a first attempt may be waited for: 90s, 15m, 2h, 1d; {_OLDER_THAN} by default.",
        ),
    ] = None,
    assume_empty: Annotated[
        bool,
        typer.Option(
            "--assume-empty",
            help="The task queue was purged: take every open task without a running attempt.",
        ),
    ] = False,
    no_wait: Annotated[
        bool,
        typer.Option(
            "--no-wait", help="Skip the 60 s in which a purge may still take what --assume-empty sends."
        ),
    ] = False,
    dry_run: DryRun = False,
    rate: Rate = 50.0,
    outputs: Outputs = None,
    stack: Stack = None,
) -> None:
    """Send the messages of tasks anew that have lost theirs."""
    if assume_empty and older_than:
        raise UsageError("--assume-empty takes tasks of every age: leave out --older-than.")
    if no_wait and not assume_empty:
        raise UsageError("--no-wait skips the wait of --assume-empty: it needs that.")

    from ops.repair import repairer_for
    from ops.stack.aws import Aws
    from ops.stack.outputs import find_outputs

    untried_for = parse_length(older_than or _OLDER_THAN)
    aws = Aws(find_outputs(outputs, stack))
    repairer = repairer_for(aws, untried_for, assume_empty=assume_empty)
    if assume_empty and not (no_wait or dry_run):
        _wait_out_purge()
    found = _find(repairer)
    act_on_all(
        found,
        repairer.look if dry_run else repairer.repair,
        None if dry_run else rate,
        SEND,
        named=False,
    )


def _wait_out_purge() -> None:
    from rich.progress import Progress, TextColumn

    from ops.console import notes
    from ops.repair import PURGE_SECONDS, wait_out_purge

    notes.print(
        f"Waiting {PURGE_SECONDS} s, in which a purge may still delete what is sent (--no-wait skips it)."
    )
    columns = TextColumn("{task.fields[left]} s left")
    with Progress(columns, console=notes, disable=not notes.is_terminal, transient=True) as bars:
        bar = bars.add_task("", left=PURGE_SECONDS)
        wait_out_purge(lambda left: bars.update(bar, left=left))


def _find(repairer: "Repairer") -> list[str]:
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    from ops.console import notes
    from ops.errors import InterruptedByUserError

    text = TextColumn("{task.fields[read]} records read, {task.fields[found]} found")
    try:
        with Progress(text, TimeElapsedColumn(), console=notes, disable=not notes.is_terminal) as bars:
            bar = bars.add_task("", read=0, found=0)
            return repairer.find(lambda read, found: bars.update(bar, read=read, found=found))
    except KeyboardInterrupt:
        raise InterruptedByUserError("Interrupted while reading the table: nothing was sent.") from None
