"""`redrive` and `discard`: dead letters are sent again, or ended."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

from typing import Annotated

import typer

from ops.commands.many import DISCARD, SEND, Every, TaskIds, Yes, act_on_all, ask, chosen, refuse_unclear
from ops.commands.options import DryRun, ErrorPattern, Outputs, Rate, Since, Stack

REDRIVE_EXAMPLES = """
Examples:

  python -m ops redrive run-20261121-090000-03

  python -m ops redrive --all --error TimeoutError --since 2h --dry-run

  python -m ops redrive --all --rate 10 --yes

Each task gets a full set of attempts and keeps its history. Repeating the command is safe. The exit code is
1 if a task that was to be sent was not.
"""


def redrive(  # noqa: PLR0913 - one parameter an option
    task_ids: TaskIds = None,
    *,
    every: Every = False,
    error: ErrorPattern = None,
    since: Since = None,
    dry_run: DryRun = False,
    rate: Rate = 50.0,
    yes: Yes = False,
    outputs: Outputs = None,
    stack: Stack = None,
) -> None:
    """Send dead letters again, with a new set of attempts."""
    refuse_unclear(task_ids, error, since, every=every)

    from ops.redrive import refuse_unreadable, sender_for
    from ops.stack.aws import Aws
    from ops.stack.outputs import find_outputs

    aws = Aws(find_outputs(outputs, stack))
    letters = chosen(aws, task_ids, error, since)
    if every and letters and not (dry_run or yes):
        ask(f"Send {len(letters)} dead letters again?", "Nothing was sent")
    sender = sender_for(aws)
    look = refuse_unreadable if every else sender.dead_letter
    act_on_all(
        letters,
        look if dry_run else sender.redrive,
        None if dry_run else rate,
        SEND,
        named=not every,
    )


DISCARD_EXAMPLES = """
Examples:

  python -m ops discard order-7 --reason "the shop cancelled it, ticket 4711"

  python -m ops discard --all --error NoSuchOrder --since 7d --reason "orders of the test run" --dry-run

A discarded dead letter is CANCELLED: it leaves the list of dead letters and is never tried again. Its
record keeps the reason, and stays as long as that of a completed task (recordTtlDays). Repeating the command
is safe. The exit code is 1 if a task that was to be discarded was not.
"""


def discard(  # noqa: PLR0913 - one parameter an option
    task_ids: TaskIds = None,
    *,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the record, 1000 bytes at most.")
    ],
    every: Every = False,
    error: ErrorPattern = None,
    since: Since = None,
    dry_run: DryRun = False,
    rate: Rate = 50.0,
    yes: Yes = False,
    outputs: Outputs = None,
    stack: Stack = None,
) -> None:
    """End dead letters on purpose, with a reason, instead of sending them again."""
    refuse_unclear(task_ids, error, since, every=every)

    from ops.redrive import checked_reason, discarder_for, read_dead_letter, store_of
    from ops.stack.aws import Aws
    from ops.stack.outputs import find_outputs

    why = checked_reason(reason)
    aws = Aws(find_outputs(outputs, stack))
    letters = chosen(aws, task_ids, error, since)
    if every and letters and not (dry_run or yes):
        ask(f"Discard {len(letters)} dead letters for good?", "Nothing was discarded")
    store = store_of(aws)
    act_on_all(
        letters,
        (lambda each: read_dead_letter(store, each)) if dry_run else discarder_for(aws, why).discard,
        None if dry_run else rate,
        DISCARD,
        named=not every,
    )
