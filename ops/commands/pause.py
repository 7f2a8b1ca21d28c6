"""`pause` and `resume`: whether tasks are taken from the queue."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

from ops.commands.options import Outputs, Stack

PAUSE_EXAMPLES = """
Tasks are still accepted and wait in the queue (for its retention, see the stack's settings). Those that are
being processed end as they would. `resume` lets the rest run; `pulumi up --refresh` may do so, too,
because to it a paused mapping is a difference.

Example:

  python -m ops pause --stack prod
"""

RESUME_EXAMPLES = """
Example:

  python -m ops resume --stack prod
"""


def pause(*, outputs: Outputs = None, stack: Stack = None) -> None:
    """Stop taking tasks from the queue, until `resume`."""
    _switch(outputs, stack, on=False)


def resume(*, outputs: Outputs = None, stack: Stack = None) -> None:
    """Take tasks from the queue again."""
    _switch(outputs, stack, on=True)


def _switch(outputs: str | None, stack: str | None, *, on: bool) -> None:
    from ops.aws import Aws
    from ops.console import notes, results
    from ops.mapping import mapping_of, switch
    from ops.stacks import find_outputs

    found = find_outputs(outputs, stack)
    client = Aws(found).lambda_
    mapping = mapping_of(client, found.function_names["process_task"], found.task_queue_url)
    notes.print(f"Event source mapping {mapping.uuid} is {mapping.state}.")
    changed = switch(client, mapping.uuid, on=on)
    state = "running" if on else "paused"
    results.print(f"Deliveries are {state}." if changed else f"Deliveries were {state} already.")
