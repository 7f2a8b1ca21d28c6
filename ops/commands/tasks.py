"""`dead` and `show`: look at dead letters, and at one task."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.commands.options import ErrorPattern, Json, Outputs, Since, Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.stack.aws import Aws
    from ops.tasks import Selection
    from taskguard.model.record import TaskRecord

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
        typer.echo(json.dumps([_document(letter) for letter in letters]))
    else:
        _print_letters(letters)


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


_SHOWN_AS_JSON = ("taskId", "deadLetteredAt", "createdAt", "generation", "lastError")


def _document(letter: "TaskRecord") -> dict[str, Any]:
    from taskguard.model.views import task_summary

    summary = task_summary(letter)
    return {name: summary[name] for name in _SHOWN_AS_JSON}


def _print_letters(letters: "Sequence[TaskRecord]") -> None:
    from rich.table import Table

    from ops.console import print_table, results
    from ops.tasks import buried_at, error_line
    from taskguard.model.clock import to_text

    table = Table(header_style="bold")
    for heading in ("task", "dead-lettered at", "generation", "last error"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "task")
    for letter in letters:
        table.add_row(
            letter.task_id, to_text(buried_at(letter)), str(letter.generation), error_line(letter.last_error)
        )
    if letters:
        print_table(results, table)
    results.print(f"DEAD_LETTERED: {len(letters)}")


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
    """Show everything that the table holds about a task, with the state of its children, as JSON."""
    from ops.errors import OpsError
    from ops.stack.aws import Aws
    from ops.stack.outputs import find_outputs
    from ops.tasks import read_attributes

    aws = Aws(find_outputs(outputs, stack))
    attributes = read_attributes(aws.dynamodb, aws.outputs.tasks_table_name, task_id)
    if attributes is None:
        raise OpsError(f"There is no task {task_id} on this stack.")
    for name in ("payload", "result"):  # kept as JSON text
        if name in attributes:
            attributes[name] = json.loads(attributes[name])
    if "children" in attributes:
        attributes["children"] = _children(aws, attributes["children"])
    typer.echo(json.dumps(attributes, indent=2, ensure_ascii=False))


def _children(aws: "Aws", task_ids: list[str]) -> list[dict[str, str | None]]:
    """Return what became of the tasks that a task's work submitted; of one that is gone, None."""
    from ops.tasks import read_records

    found = read_records(aws.dynamodb, aws.outputs.tasks_table_name, task_ids, ("kind",))
    return [
        {
            "taskId": task_id,
            "kind": found[task_id].kind if task_id in found else None,
            "status": found[task_id].status.value if task_id in found else None,
        }
        for task_id in task_ids
    ]
