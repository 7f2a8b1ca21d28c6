"""`status`, `pause` and `resume`: look at a stack, and stop or start taking tasks from its queue."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

import json

import typer

from ops.commands.options import Json, Lanes, Outputs, Stack

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
Those being processed are finished. `resume` lets the rest run; a deployment does not.

Examples:

  python -m ops pause --stack prod

  python -m ops pause --lane slow
"""

RESUME_EXAMPLES = """
Example:

  python -m ops resume --stack prod
"""


def pause(*, lane: Lanes = None, outputs: Outputs = None, stack: Stack = None) -> None:
    """Stop taking tasks from the queues, or from those of some lanes, until `resume`."""
    _switch(outputs, stack, lane or [], on=False)


def resume(*, lane: Lanes = None, outputs: Outputs = None, stack: Stack = None) -> None:
    """Take tasks from the queues again."""
    _switch(outputs, stack, lane or [], on=True)


def _switch(outputs: str | None, stack: str | None, named: list[str], *, on: bool) -> None:
    from ops.console import notes, results
    from ops.stack.aws import Aws
    from ops.stack.deliveries import mapping_of, switch
    from ops.stack.outputs import find_outputs

    found = find_outputs(outputs, stack)
    client, lanes, state = Aws(found).lambda_, found.lanes(named), "running" if on else "paused"
    for lane in lanes:
        mapping = mapping_of(client, found.process_task(lane), found.task_queue_urls[lane])
        notes.print(f"Event source mapping {mapping.uuid} is {mapping.state}.")
        changed = switch(client, mapping.uuid, on=on)
        of_lane = f" of the lane {lane}" if len(found.lanes()) > 1 else ""
        results.print(
            f"Deliveries{of_lane} are {state}." if changed else f"Deliveries{of_lane} were {state} already."
        )
