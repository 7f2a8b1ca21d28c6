"""`redrive`: send dead letters again."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands.options import DryRun, ErrorPattern, Outputs, Rate, Since, Stack
from ops.commands.tasks import selected
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.redrive import Tally
    from ops.stack.aws import Aws


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
    from ops.redrive import Pace, send_all

    with Progress(console=notes, disable=not notes.is_terminal) as bars:
        bar = bars.add_task("tasks", total=len(task_ids))
        wait = Pace(rate or float("inf")).wait
        return send_all(task_ids, send, wait, lambda done: bars.update(bar, completed=done))


def _report(word: str, reasons: Mapping[str, str]) -> None:
    from ops.console import warn

    for task_id, reason in reasons.items():
        warn(f"{word} {task_id}: {reason}")


REDRIVE_EXAMPLES = """
Examples:

  python -m ops redrive run-20261121-090000-03

  python -m ops redrive --all --error TimeoutError --since 2h --dry-run

  python -m ops redrive --all --rate 10 --yes

Each task gets a full set of attempts and keeps its history. Repeating the command is safe. The exit code is
1 if a task that was to be sent was not.
"""


def redrive(  # noqa: PLR0913 - one parameter an option
    task_ids: Annotated[
        list[str] | None, typer.Argument(metavar="TASK_ID", help="The tasks to send again.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All dead letters, or those that match.")] = False,
    error: ErrorPattern = None,
    since: Since = None,
    dry_run: DryRun = False,
    rate: Rate = 50.0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before sending with --all.")] = False,
    outputs: Outputs = None,
    stack: Stack = None,
) -> None:
    """Send dead letters again, with a new set of attempts."""
    if bool(task_ids) == every:
        raise UsageError("Name the tasks to send again, or give --all (with --error, --since if wanted).")
    if task_ids and (error or since):
        raise UsageError("--error and --since choose among all dead letters: they need --all.")

    from ops.redrive import refuse_unreadable, sender_for
    from ops.stack.aws import Aws
    from ops.stack.outputs import find_outputs

    aws = Aws(find_outputs(outputs, stack))
    chosen = list(dict.fromkeys(task_ids)) if task_ids else _matching(aws, error, since)
    if every and chosen and not (dry_run or yes):
        _ask(len(chosen))
    sender = sender_for(aws)
    sending = Sending(sender.redrive, refuse_unreadable if every else sender.dead_letter)
    list_or_send(chosen, sending, rate, dry_run=dry_run, named=not every)


def _matching(aws: "Aws", error: str | None, since: str | None) -> list[str]:
    from ops.tasks import list_dead_letters

    letters = list_dead_letters(aws.dynamodb, aws.outputs.tasks_table_name, selected(error, since))
    return [letter.task_id for letter in letters]


def _ask(count: int) -> None:
    from rich.prompt import Confirm

    from ops.console import notes

    try:
        sure = Confirm.ask(f"Send {count} dead letters again?", console=notes, default=False)
    except EOFError:
        raise UsageError("Nothing was sent: nobody is there to answer. Add --yes.") from None
    if not sure:
        raise UsageError("Nothing was sent.")


REPAIR_EXAMPLES = """
Examples:

  python -m ops repair --dry-run

  python -m ops repair --older-than 1h --stack prod

A task can wait in vain if its submit died between record and queue and was never repeated. Sending such a
task again is safe at any time: of two messages for one attempt, the second is dropped.
"""


def repair(
    *,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="LENGTH", help="Waiting for longer: 90s, 15m, 2h, 1d.")
    ] = "15m",
    dry_run: DryRun = False,
    rate: Rate = 50.0,
    outputs: Outputs = None,
    stack: Stack = None,
) -> None:
    """Send again what waits too long for its first attempt."""
    from ops.commands.options import parse_length
    from ops.redrive import sender_for
    from ops.stack.aws import Aws
    from ops.stack.outputs import find_outputs
    from ops.tasks import untried_since

    moment = datetime.now(UTC) - parse_length(older_than)
    aws = Aws(find_outputs(outputs, stack))
    waiting = untried_since(aws.dynamodb, aws.outputs.tasks_table_name, moment)
    sending = Sending(sender_for(aws).repair, look=str)  # the list is what it would send
    list_or_send(waiting, sending, rate, dry_run=dry_run, named=False)
