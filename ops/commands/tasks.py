"""`dead`: the dead letters."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands.options import ErrorPattern, Json, Outputs, Since, Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.tasks import DeadLetter, Selection


SHOW_EXAMPLES = """
Example:

  python -m ops show run-20261121-090000-03
"""


def show(
    task_id: Annotated[str, typer.Argument(metavar="TASK_ID", help="The task's id.")],
    *,
    outputs: Outputs = None,
    stack: Stack = None,
) -> None:
    """All that the table knows of a task, as JSON."""
    from ops.errors import OpsError
    from ops.stack.aws import Aws
    from ops.stack.outputs import find_outputs
    from ops.tasks import read_record

    aws = Aws(find_outputs(outputs, stack))
    record = read_record(aws.dynamodb, aws.outputs.tasks_table_name, task_id)
    if record is None:
        raise OpsError(f"There is no task {task_id} on this stack.")
    for name in ("payload", "result"):
        if name in record:
            record[name] = json.loads(record[name])
    typer.echo(json.dumps(record, indent=2, ensure_ascii=False))


DEAD_EXAMPLES = """
Examples:

  python -m ops dead --stack prod --since 2h

  python -m ops dead --error 'TimeoutError|503' --json
"""


def dead(
    *,
    error: ErrorPattern = None,
    since: Since = None,
    outputs: Outputs = None,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """List dead letters, oldest first."""
    from ops.stack.aws import Aws
    from ops.stack.outputs import find_outputs
    from ops.tasks import list_dead_letters

    selection = selected(error, since)
    aws = Aws(find_outputs(outputs, stack))
    letters = list_dead_letters(aws.dynamodb, aws.outputs.tasks_table_name, selection)
    if as_json:
        typer.echo(json.dumps([letter.document() for letter in letters]))
    else:
        print_letters(letters)


def selected(error: str | None, since: str | None) -> "Selection":
    """Read `--error` and `--since`.

    Raises
    ------
    UsageError
        One of them cannot be read.
    """
    from ops.commands.options import parse_moment
    from ops.tasks import Selection, pattern_of

    moment = None if since is None else parse_moment(since, datetime.now(UTC))
    return Selection(pattern_of(error), moment)


def print_letters(letters: "Sequence[DeadLetter]") -> None:
    """Print dead letters as a table, and their number."""
    from rich.table import Table

    from ops.console import print_table, results

    table = Table(header_style="bold")
    for heading in ("task", "dead-lettered at", "generation", "last error"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "task")
    for letter in letters:
        table.add_row(letter.task_id, letter.dead_lettered_at, str(letter.generation), letter.error)
    if letters:
        print_table(results, table)
    results.print(f"DEAD_LETTERED: {len(letters)}")
