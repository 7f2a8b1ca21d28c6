"""`check`: submit tasks to a stack and report what became of them."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from ops.check.plan import AuthMode
from ops.commands.options import Auth, Clients, Fail, Json, Outputs, RunName, Stack, Tasks, Timeout, Token
from ops.errors import InterruptedByUserError

if TYPE_CHECKING:
    from ops.check.plan import CheckPlan
    from ops.check.result import CheckResult
    from ops.stack.outputs import StackOutputs

CHECK_EXAMPLES = """
Examples:

  python -m ops check

  python -m ops check --stack dev --auth iam --tasks 200

  pulumi stack output --json | python -m ops check --outputs - --json

Its tasks are of the built-in kind `probe`, so none of your work is done. They fail where the stack simulates
failures, or with --fail.

The exit code is 1 if a task was not accepted, or was accepted and has not settled in time.
"""


def check(  # noqa: PLR0913 - one parameter an option
    *,
    tasks: Tasks = 30,
    run: RunName = None,
    timeout: Timeout = 300,
    outputs: Outputs = None,
    stack: Stack = None,
    as_json: Json = False,
    clients: Clients = 8,
    auth: Auth = AuthMode.NONE,
    token: Token = None,
    fail: Fail = False,
) -> None:
    """Submit probes through every lane, watch them settle, report the outcomes."""
    from ops.check.plan import CheckPlan
    from ops.stack.outputs import find_outputs

    plan = CheckPlan(run_name(run), tasks, timeout, clients, auth, token, fail)
    found = find_outputs(outputs, stack)
    try:
        check_and_report(plan, found, as_json=as_json)
    except InterruptedByUserError as stop:
        raise InterruptedByUserError(f"{stop} They go on without this command, see `status`.") from None


def run_name(given: str | None) -> str:
    """Return the name that the user gave, or one made from the time."""
    from ops.check.plan import name_of

    return name_of(datetime.now(UTC)) if given is None else given


def check_and_report(plan: "CheckPlan", outputs: "StackOutputs", *, as_json: bool) -> None:
    """Check a stack and print the result.

    Raises
    ------
    typer.Exit
        With code 1: a task was not accepted, or did not settle in time.
    OpsError
        See `ops.check.run.check`.
    """
    from ops.check.report import live_progress
    from ops.check.run import check as run_check

    with live_progress(plan.tasks) as show:
        result = run_check(plan, outputs, show)
    _print(result, as_json=as_json)
    if result.lost or result.refused:
        raise typer.Exit(1)


def _print(result: "CheckResult", *, as_json: bool) -> None:
    from ops.check import report
    from ops.console import notes, results

    report.print_sample(notes if as_json else results, result)
    report.print_latency(notes, result)
    report.print_refused(notes, result)
    report.print_lost(notes, result)
    typer.echo(json.dumps(result.document()) if as_json else "\n".join(report.final_lines(result)))
