"""`status`, `pause` and `resume`: look at a stack, and stop or start taking tasks from its queue."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

import json

import typer

from ops.commands.options import Json, Outputs, Stack

STATUS_EXAMPLES = """
Examples:

  python -m ops status --stack prod

  python -m ops status --json
"""


def status(*, outputs: Outputs = None, stack: Stack = None, as_json: Json = False) -> None:
    """Show queue depths, deliveries, dead letters and active alarms."""
    from ops.console import results
    from ops.stack.aws import Aws
    from ops.stack.outputs import find_outputs
    from ops.stack.status import health_of, print_health

    found = find_outputs(outputs, stack)
    health = health_of(Aws(found))
    if as_json:
        typer.echo(json.dumps(health.document()))
        return
    print_health(results, health)
    if found.dashboard_url and not found.aws_endpoint_url:  # the local cloud has no console
        results.print(f"DASHBOARD: {found.dashboard_url}")


PAUSE_EXAMPLES = """
Tasks are still accepted, and wait in the queue for as long as it keeps them (see the stack's settings).
Those being processed are finished. `resume` lets the rest run; so may `pulumi up --refresh`, which sees a
paused mapping as drift.

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
    from ops.console import notes, results
    from ops.stack.aws import Aws
    from ops.stack.deliveries import mapping_of, switch
    from ops.stack.outputs import find_outputs

    found = find_outputs(outputs, stack)
    client = Aws(found).lambda_
    mapping = mapping_of(client, found.function_names["process_task"], found.task_queue_url)
    notes.print(f"Event source mapping {mapping.uuid} is {mapping.state}.")
    changed = switch(client, mapping.uuid, on=on)
    state = "running" if on else "paused"
    results.print(f"Deliveries are {state}." if changed else f"Deliveries were {state} already.")
