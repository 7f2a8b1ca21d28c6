"""Pulumi's mock monitor, made to really create what the program registers."""

import asyncio
import contextlib
import logging
import runpy
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pulumi
from botocore.exceptions import ClientError
from pulumi import get_project, get_stack
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockEngine, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.settings import Settings, configure

from local.errors import DeployError, ResourceError
from local.resources.inputs import plain

CreateResource = Callable[[str, str, dict[str, Any]], tuple[str, dict[str, Any]]]
"""Creates a resource from its type, logical name and inputs; returns its physical id and its state."""

_STACK = "pulumi:pulumi:Stack"


class _Creations(Mocks):
    """Passes the program's resources on, and refuses what needs a provider."""

    def __init__(self, create: CreateResource) -> None:
        self._create = create

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return "", args.inputs
        return self._create(args.typ, args.name, args.inputs)

    def call(self, args: MockCallArgs) -> NoReturn:
        raise ResourceError(
            args.token, "(look-up)", "the local cloud has no provider to ask; use the configuration"
        )


class DeployingMonitor(MockMonitor):
    """Registers resources as the engine would, as far as one deployment into an empty account goes.

    Parameters
    ----------
    create
        Creates one custom resource. Called from several threads at once.

    Attributes
    ----------
    failures
        What went wrong with resources, in the order in which it happened.
    stack_outputs
        The stack's exports; None until the program has registered them.
    """

    def __init__(self, create: CreateResource) -> None:
        super().__init__(_Creations(create))
        self.failures: list[ResourceError] = []
        self.stack_outputs: dict[str, Any] | None = None
        self._urns: set[str] = set()
        self._lock = threading.Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the URN that the engine would give: the types of all parents count, the stack's does not.

        See https://www.pulumi.com/docs/iac/concepts/resources/names/#urns.
        """
        parents = parent.split("::")[2] if parent else _STACK
        qualified_type = type_ if parents == _STACK else f"{parents}${type_}"
        return f"urn:pulumi:{get_stack()}::{get_project()}::{qualified_type}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        """Create a resource, unless there is one with its URN, which the engine refuses too."""
        return self._guarded(request, lambda: self._register(request))

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        """Refuse: a resource that exists already would have to be looked up by a provider."""
        reason = "the local cloud has no provider to look an existing resource up"
        return self._guarded(request, lambda: _refuse(request, reason))

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        """Keep the stack's exports, which the mock monitor drops."""
        if request.urn.split("::")[2] == _STACK:
            self.stack_outputs = plain(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]

    def _register(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        with self._lock:
            if urn in self._urns:
                _refuse(request, f"there are two resources with the URN {urn}")
            self._urns.add(urn)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def _guarded(self, request: Any, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except ResourceError as refusal:
            self.failures.append(refusal)
            raise
        except Exception as error:
            failure = ResourceError(request.type, request.name, _reason(error))
            self.failures.append(failure)
            raise failure from error


def _refuse(request: Any, reason: str) -> NoReturn:
    raise ResourceError(request.type, request.name, reason)


def _reason(error: Exception) -> str:
    if isinstance(error, ClientError):
        said = error.response["Error"]
        return f"{said['Code']}: {said['Message']}"
    return f"{type(error).__name__}: {error}"


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
