"""Runs a Pulumi program without the Pulumi CLI, with a mock monitor in the engine's place.

The local cloud deploys with it (`local.deployer.deploy`); tests record with it what a program registers.
"""

import asyncio
import contextlib
import logging
import runpy
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockEngine, MockMonitor, Mocks
from pulumi.runtime.settings import Settings, configure

from local.resources.inputs import plain

STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Program:
    """A Pulumi program, and the stack that it runs for.

    Parameters
    ----------
    folder
        Holds the program's `__main__.py`; it is the current folder while the program runs.
    project, stack
        What the program finds in `pulumi.get_project()` and `pulumi.get_stack()`.
    config
        What it finds in `pulumi.Config()`: full keys, values as text.
    """

    folder: Path
    project: str
    stack: str
    config: Mapping[str, str]

    @property
    def main(self) -> Path:
        """The file that is run."""
        return self.folder / "__main__.py"


def execute(program: Program, monitor: "ProgramMonitor", *, preview: bool = False) -> None:
    """Run a program to its end; what it raises comes out.

    The SDK keeps its state in context variables: run this in an empty context, or once in a process.

    Parameters
    ----------
    monitor
        Stands in the engine's place.
    preview
        Tells the program that it runs for a preview: outputs that the monitor leaves out are unknown.
    """
    pulumi.runtime.set_all_config(dict(program.config))
    # Not `set_mocks`: it leaves a root stack behind, with which `run_in_stack` refuses to run.
    configure(
        Settings(
            project=program.project,
            stack=program.stack,
            monitor=monitor,
            engine=MockEngine(logging.getLogger("pulumi")),
            dry_run=preview,
            organization="local",
            root_directory=str(program.folder),
        )
    )

    def run() -> None:
        runpy.run_path(str(program.main), run_name="__main__")

    with _inside(program.folder):
        asyncio.run(pulumi.runtime.run_in_stack(run))


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    # As the CLI runs a program: from its own folder, which is also where its imports are found.
    path = list(sys.path)
    sys.path.insert(0, str(folder))
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        sys.path[:] = path


class ProgramMonitor(MockMonitor):
    """Pulumi's mock monitor, which also keeps the outputs that are registered.

    Parameters
    ----------
    mocks
        What resources and look-ups become.

    Attributes
    ----------
    stack_outputs
        The stack's exports; None until the program has registered them.
    component_outputs
        The outputs of each component, by its URN.
    """

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.stack_outputs: dict[str, Any] | None = None
        self.component_outputs: dict[str, dict[str, Any]] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        """Let the mocks create a resource."""
        with _loop_of_this_thread():
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        """Keep a component's outputs or the stack's exports."""
        outputs = plain(rpc.deserialize_properties(request.outputs, keep_unknowns=True))
        if request.urn.split("::")[2] == STACK_TYPE:
            self.stack_outputs = outputs
        else:
            self.component_outputs[request.urn] = outputs
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        """Let the mocks answer a look-up."""
        with _loop_of_this_thread():
            return super().Invoke(request)  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def _loop_of_this_thread() -> Iterator[None]:
    """Close the event loop that the mock monitor needs in its worker thread, where it would only be left."""
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        asyncio.set_event_loop(loop)
        try:
            yield
        finally:
            asyncio.set_event_loop(None)
