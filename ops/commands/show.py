"""`show`: one task's record."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

import json
from typing import Annotated

import typer

from ops.commands.options import Outputs, Stack

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
    from ops.aws import Aws
    from ops.errors import OpsError
    from ops.records import read_record
    from ops.stacks import find_outputs

    aws = Aws(find_outputs(outputs, stack))
    record = read_record(aws.dynamodb, aws.outputs.tasks_table_name, task_id)
    if record is None:
        raise OpsError(f"There is no task {task_id} on this stack.")
    for name in ("payload", "result"):
        if name in record:
            record[name] = json.loads(record[name])
    typer.echo(json.dumps(record, indent=2, ensure_ascii=False))
