"""`dead`: the dead letters."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from ops.commands.options import ErrorPattern, Json, Outputs, Since, Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.dead_letters import DeadLetter, Selection

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
    from ops.aws import Aws
    from ops.dead_letters import list_dead_letters
    from ops.stacks import find_outputs

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
    from ops.dead_letters import Selection, pattern_of
    from ops.times import parse_moment

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
