"""`status`: how a stack stands."""
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
    """Queue depths, deliveries, dead letters, alarms that ring."""
    from ops.aws import Aws
    from ops.console import results
    from ops.health import health_of, print_health
    from ops.stacks import find_outputs

    found = find_outputs(outputs, stack)
    health = health_of(Aws(found))
    if as_json:
        typer.echo(json.dumps(health.document()))
        return
    print_health(results, health)
    if found.dashboard_url and not found.aws_endpoint_url:  # the local cloud has no console
        results.print(f"DASHBOARD: {found.dashboard_url}")
