"""`demo`: local cloud up, check, down."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

from ops.api_auth import ApiAuth
from ops.commands.check import check_and_report, run_name
from ops.commands.local import StackName
from ops.commands.options import (
    Auth,
    Clients,
    Json,
    RunName,
    Seed,
    Settings,
    Tasks,
    Timeout,
    Token,
    settings_of,
)

DEMO_EXAMPLES = """
Examples:

  python -m ops demo

  python -m ops demo --tasks 200 --seed 7 --json

With --seed N the run is named seed-N, so that two runs give the same outcomes task by task.
"""


def demo(  # noqa: PLR0913 - one parameter an option
    *,
    tasks: Tasks = 30,
    run: RunName = None,
    timeout: Timeout = 300,
    seed: Seed = None,
    settings: Settings = None,
    stack: StackName = "local",
    as_json: Json = False,
    clients: Clients = 8,
    auth: Auth = ApiAuth.NONE,
    token: Token = None,
) -> None:
    """Local cloud up, check, down: all on this machine."""
    from ops.local_stack import local_stack
    from ops.outputs import from_document
    from ops.plan import Plan

    overrides = settings_of(settings, seed)
    name = f"seed-{seed}" if run is None and seed is not None else run_name(run)
    # Before the local cloud is started: wrong usage is told at once.
    plan = Plan(name, tasks, timeout, clients, auth, token)
    with local_stack(stack, overrides, None) as outputs:
        check_and_report(plan, from_document(outputs, "the local cloud"), as_json=as_json)
