"""Runs a Pulumi program without the Pulumi CLI, in this process, once."""

import asyncio
import logging
import os
import runpy
import sys
import traceback
from collections.abc import Mapping
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
        The program's folder, which becomes the current one.
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
    failed = _run(folder / "__main__.py")
    if monitor.failures:
        raise monitor.failures[0]
    if failed:
        raise DeployError(f"The program failed: {_described(failed)}") from failed
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
    # As the CLI runs a program: from its own folder, which is also where its imports are found.
    os.chdir(folder)
    sys.path.insert(0, str(folder))


def _run(program: Path) -> BaseException | None:
    def execute() -> None:
        runpy.run_path(str(program), run_name="__main__")

    try:
        asyncio.run(pulumi.runtime.run_in_stack(execute))
    # A program that ends itself (`sys.exit`) has not come to its end, which must not look like success.
    except (Exception, SystemExit) as error:
        return error
    return None


def _described(error: BaseException) -> str:
    if isinstance(error, pulumi.RunError):
        return str(error)
    return "".join(traceback.format_exception(error))
