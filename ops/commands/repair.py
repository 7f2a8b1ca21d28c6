"""`repair`: wake tasks whose message is gone."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

from datetime import UTC, datetime
from typing import Annotated

import typer

from ops.commands.options import DryRun, Outputs, Rate, Stack
from ops.commands.resend import Sending, list_or_send

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
    from ops.aws import Aws
    from ops.resending import sender_for
    from ops.stacks import find_outputs
    from ops.times import parse_length
    from ops.waiting_tasks import untried_since

    moment = datetime.now(UTC) - parse_length(older_than)
    aws = Aws(find_outputs(outputs, stack))
    waiting = untried_since(aws.dynamodb, aws.outputs.tasks_table_name, moment)
    sending = Sending(sender_for(aws).repair, look=str)  # the list is what it would send
    list_or_send(waiting, sending, rate, dry_run=dry_run, named=False)
