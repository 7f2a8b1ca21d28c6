"""Runs a Pulumi program without the Pulumi CLI, in this process, once."""

import asyncio
import contextlib
import logging
import runpy
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockEngine
from pulumi.runtime.settings import Settings, configure

from local.errors import DeployError
from local.monitor import CreateResource, DeployingMonitor


def run_program(
    folder: Path, *, project: str, stack: str, config: Mapping[str, str], create: CreateResource
) -> dict[str, Any]:
    """Run the `__main__.py` of `folder` and return the stack's outputs.

    The SDK keeps its state in globals, so this can be done once in a process.

    Parameters
    ----------
    folder
        The program's folder, the current one while it runs.
    project, stack, config
        What the program finds in `pulumi.get_project()`, `pulumi.get_stack()` and `pulumi.Config()`.
    create
        Creates one custom resource.

    Raises
    ------
    DeployError
        The program, or one of its resources, failed.
    """
    monitor = DeployingMonitor(create)
    _configure(monitor, folder, project, stack, config)
    program = folder / "__main__.py"
    with _inside(folder):
        failed = _run(program)
    if monitor.failures:
        raise monitor.failures[0]
    if failed:
        raise DeployError(f"The program failed: {_described(failed, program)}") from failed
    return monitor.stack_outputs or {}


def _configure(
    monitor: DeployingMonitor, folder: Path, project: str, stack: str, config: Mapping[str, str]
) -> None:
    pulumi.runtime.set_all_config(dict(config))
    # Not `set_mocks`: it leaves a root stack behind, with which `run_in_stack` refuses to run.
    configure(
        Settings(
            project=project,
            stack=stack,
            monitor=monitor,
            engine=MockEngine(logging.getLogger("pulumi")),
            dry_run=False,
            organization="local",
            root_directory=str(folder),
        )
    )


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


def _run(program: Path) -> BaseException | None:
    def execute() -> None:
        runpy.run_path(str(program), run_name="__main__")

    try:
        asyncio.run(pulumi.runtime.run_in_stack(execute))
    # A program that ends itself (`sys.exit`) has not come to its end, which must not look like success.
    except (Exception, SystemExit) as error:
        return error
    return None


def _described(error: BaseException, program: Path) -> str:
    if isinstance(error, pulumi.RunError):
        return str(error)
    trace = error.__traceback__
    # The program's author has no use for the frames of what runs the program.
    while trace and trace.tb_frame.f_code.co_filename != str(program):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace or error.__traceback__))
