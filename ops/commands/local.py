"""`local` and `demo`: a local cloud, up until Ctrl-C or for one check."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

import json
import shlex
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from ops.check.plan import AuthMode
from ops.commands.check import check_and_report, run_name
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


@contextmanager
def local_stack(
    stack: str, overrides: Mapping[str, str], outputs_file: Path | None, *, watch: bool = False
) -> Iterator[dict[str, Any]]:
    """Bring a local cloud up, yield its outputs, and take it down again, whatever happens.

    Raises
    ------
    local.errors.LocalCloudError
        It cannot be started, or the program cannot be deployed into it.
    """
    from local.cloud import local_cloud
    from ops.console import notes

    where: dict[str, Any] = {} if outputs_file is None else {"outputs_file": outputs_file}
    with local_cloud(stack=stack, overrides=overrides, progress=notes.print, watch=watch, **where) as outputs:
        yield outputs


_CURL = r"curl -sS -w '\n'"
_BODY = '{"taskId": "hello-1", "payload": {"greeting": "hello"}}'


def welcome(outputs: Mapping[str, Any]) -> str:
    """Write the outputs, and two commands to paste into a shell.

    The URLs are quoted: they contain `$default`, the stage, which a shell would expand.
    """
    tasks = f"{outputs['apiEndpoint'].rstrip('/')}/tasks"
    submit = (
        f"{_CURL} -X POST {shlex.quote(tasks)} -H 'content-type: application/json' -d {shlex.quote(_BODY)}"
    )
    look_up = f"{_CURL} {shlex.quote(f'{tasks}/hello-1')}"
    shown = json.dumps(outputs, indent=2)
    return f"{shown}\n\nSubmit a task, and look at it:\n\n{submit}\n\n{look_up}\n"


LOCAL_EXAMPLES = """
Examples:

  python -m ops local

  python -m ops local --seed 7 --set failureRate=0.5

While it is up, the other commands find it without being told: `python -m ops check` in another terminal.
"""

StackName = Annotated[
    str, typer.Option("--stack", metavar="NAME", help="Which Pulumi.<NAME>.yaml holds the settings.")
]


def local(
    stack: StackName = "local",
    outputs_file: Annotated[
        Path | None,
        typer.Option("--outputs-file", metavar="PATH", help="Where to keep the outputs while it is up."),
    ] = None,
    seed: Seed = None,
    settings: Settings = None,
) -> None:
    """Keep a local cloud up, with the program in it and what you save meanwhile, until Ctrl-C."""
    from ops.console import notes, results

    overrides = settings_of(settings, seed)
    with local_stack(stack, overrides, outputs_file, watch=True) as outputs:
        results.print(welcome(outputs))
        notes.print("What you save in functions/ is taken over at once. Press Ctrl-C to stop.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            notes.print("Stopping.")


DEMO_EXAMPLES = """
Examples:

  python -m ops demo

  python -m ops demo --tasks 200 --seed 7 --json

With --seed N the run is named seed-N, so that two runs have the same outcome for every task.
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
    auth: Auth = AuthMode.NONE,
    token: Token = None,
) -> None:
    """Bring a local cloud up, check it, take it down."""
    from ops.check.plan import CheckPlan
    from ops.stack.outputs import from_document

    overrides = settings_of(settings, seed)
    name = f"seed-{seed}" if run is None and seed is not None else run_name(run)
    # Before the local cloud is started, so that wrong usage shows at once.
    plan = CheckPlan(name, tasks, timeout, clients, auth, token)
    with local_stack(stack, overrides, None) as outputs:
        check_and_report(plan, from_document(outputs, "the local cloud"), as_json=as_json)
