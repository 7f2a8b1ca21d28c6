"""`redrive` and `repair`: send tasks again."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands.options import DryRun, ErrorPattern, Outputs, Rate, Since, Stack
from ops.commands.tasks import selected
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.redrive import SendReport
    from ops.stack.aws import Aws

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
    look = refuse_unreadable if every else sender.dead_letter
    _send(chosen, look if dry_run else sender.redrive, rate, dry_run=dry_run, named=not every)


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

A task waits in vain if its submission failed between the table and the queue, and was never repeated.
Sending it again is always safe: of two messages for one attempt, the second is dropped.
"""


def repair(
    *,
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than", metavar="LENGTH", help="Only those waiting for longer: 90s, 15m, 2h, 1d."
        ),
    ] = "15m",
    dry_run: DryRun = False,
    rate: Rate = 50.0,
    outputs: Outputs = None,
    stack: Stack = None,
) -> None:
    """Send tasks again that have waited too long for their first attempt."""
    from ops.commands.options import parse_length
    from ops.redrive import sender_for
    from ops.stack.aws import Aws
    from ops.stack.outputs import find_outputs
    from ops.tasks import untried_since

    moment = datetime.now(UTC) - parse_length(older_than)
    aws = Aws(find_outputs(outputs, stack))
    untried = untried_since(aws.dynamodb, aws.outputs.tasks_table_name, moment)
    waiting = [record.task_id for record in untried]
    send = (lambda _: None) if dry_run else sender_for(aws).repair
    _send(waiting, send, rate, dry_run=dry_run, named=False)


def _send(
    task_ids: Sequence[str], send: Callable[[str], object], rate: float, *, dry_run: bool, named: bool
) -> None:
    """Send the tasks again, or only list them, and print what became of them.

    Parameters
    ----------
    send
        Sends one task; in a dry run, only checks that it may be sent.
    rate
        Tasks sent a second; a dry run is not slowed down.
    named
        The user named each task: a refusal is then a failure. Otherwise it only means that the task has
        changed since the list was made.

    Raises
    ------
    typer.Exit
        With code 1: a task that was to be sent was not.
    """
    report = _send_with_progress(task_ids, send, float("inf") if dry_run else rate)
    _warn("refused", report.refused)
    _warn("FAILED", report.failed)
    if dry_run:
        typer.echo("".join(f"{task_id}\n" for task_id in report.sent), nl=False)
    typer.echo(f"{'WOULD SEND' if dry_run else 'SENT'}: {len(report.sent)}")
    typer.echo(f"REFUSED: {len(report.refused)}\nFAILED: {len(report.failed)}")
    if report.failed or (named and report.refused):
        raise typer.Exit(1)


def _send_with_progress(task_ids: Sequence[str], send: Callable[[str], object], rate: float) -> "SendReport":
    from rich.progress import Progress

    from ops.console import notes
    from ops.redrive import RateLimiter, send_all

    with Progress(console=notes, disable=not notes.is_terminal) as bars:
        bar = bars.add_task("tasks", total=len(task_ids))
        return send_all(task_ids, send, RateLimiter(rate).wait, lambda done: bars.update(bar, completed=done))


def _warn(word: str, reasons: Mapping[str, str]) -> None:
    from ops.console import warn

    for task_id, reason in reasons.items():
        warn(f"{word} {task_id}: {reason}")
