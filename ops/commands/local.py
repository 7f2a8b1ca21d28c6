"""`local`: the local cloud, up until Ctrl-C."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

import threading
from pathlib import Path
from typing import Annotated

import typer

from ops.commands.options import Seed, Settings, settings_of

LOCAL_EXAMPLES = """
Examples:

  python -m ops local

  python -m ops local --seed 7 --set failureRate=0.5

While it is up, the other commands find it by themselves: `python -m ops check` in another terminal.
"""

StackName = Annotated[
    str, typer.Option("--stack", metavar="NAME", help="Which Pulumi.<NAME>.yaml holds the settings.")
]


def local(
    stack: StackName = "local",
    outputs_file: Annotated[
        Path | None,
        typer.Option("--outputs-file", metavar="PATH", help="Where to leave the outputs while it is up."),
    ] = None,
    seed: Seed = None,
    settings: Settings = None,
) -> None:
    """Local cloud up, with the program in it, until Ctrl-C."""
    from ops.console import notes, results
    from ops.local_stack import local_stack
    from ops.welcome import welcome

    overrides = settings_of(settings, seed)
    with local_stack(stack, overrides, outputs_file) as outputs:
        results.print(welcome(outputs))
        notes.print("Press Ctrl-C to stop.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            notes.print("Stopping.")
