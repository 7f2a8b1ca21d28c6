"""`redrive`: send dead letters again."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands.dead import selected
from ops.commands.options import DryRun, ErrorPattern, Outputs, Rate, Since, Stack
from ops.commands.resend import Sending, list_or_send
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.aws import Aws

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

    from ops.aws import Aws
    from ops.resending import refuse_unreadable, sender_for
    from ops.stacks import find_outputs

    aws = Aws(find_outputs(outputs, stack))
    chosen = list(dict.fromkeys(task_ids)) if task_ids else _matching(aws, error, since)
    if every and chosen and not (dry_run or yes):
        _ask(len(chosen))
    sender = sender_for(aws)
    sending = Sending(sender.redrive, refuse_unreadable if every else sender.dead_letter)
    list_or_send(chosen, sending, rate, dry_run=dry_run, named=not every)


def _matching(aws: "Aws", error: str | None, since: str | None) -> list[str]:
    from ops.dead_letters import list_dead_letters

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
