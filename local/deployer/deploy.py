"""Deploys a Pulumi program into a running emulator.

`python -m local.deployer.deploy --endpoint URL --outputs FILE`

It exits with 0 and leaves an outputs file, or exits with 1, the reason on standard error, and leaves none.
With `--watch` it says `DEPLOYED` instead of exiting with 0, and takes over what is saved in `functions/`.
"""

import argparse
import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pulumi
from botocore.exceptions import ClientError
from pulumi import get_project, get_stack
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from local.aws_clients import SERVICES, AwsClients
from local.deployer.autonaming import Autonaming
from local.deployer.engine import STACK_TYPE, Program, ProgramMonitor, execute
from local.deployer.reload import Deployed, Reloader, Snapshot, snapshot, watch
from local.errors import DeployError, LocalCloudError, ResourceError
from local.outputs import DEPLOYED, write_json
from local.project import REPOSITORY, load_project, load_stack_config
from local.resources import CREATORS
from local.resources.inputs import Inputs

FUNCTIONS = "functions"
DEFAULT_REGION = "us-east-1"

CreateResource = Callable[[str, str, dict[str, Any]], tuple[str, dict[str, Any]]]
"""Creates a resource from its type, logical name and inputs; returns its physical id and its state."""


@dataclass(frozen=True)
class Deployment:
    """A program in an emulator.

    Attributes
    ----------
    outputs
        The stack's, with `awsEndpointUrl`.
    """

    aws: AwsClients
    program: Program
    deployed: Deployed
    outputs: dict[str, Any]


def deploy(folder: Path, stack: str, overrides: Mapping[str, str], endpoint_url: str) -> Deployment:
    """Run the program of `folder` and create all its resources in the emulator.

    Raises
    ------
    LocalCloudError
        The configuration is wrong, or the program or one of its resources failed.
    """
    project = load_project(folder).name
    config = load_stack_config(stack, overrides, program_folder=folder)
    aws = AwsClients(endpoint_url, config.get("aws:region", DEFAULT_REGION))
    deployed = Deployed(creation(aws, Autonaming(project, stack, config)))
    program = Program(folder, project, stack, with_endpoint(config, endpoint_url))
    outputs = run_program(program, deployed)
    return Deployment(aws, program, deployed, {**outputs, "awsEndpointUrl": endpoint_url})


def with_endpoint(config: Mapping[str, str], endpoint_url: str) -> dict[str, str]:
    """Return a configuration that tells the program it is deployed into this emulator, whose port is its own.

    As the real AWS provider is told: https://www.pulumi.com/registry/packages/aws/api-docs/provider/#providerendpoint.
    """
    return {**config, "aws:endpoints": json.dumps([dict.fromkeys(SERVICES, endpoint_url)])}


def creation(aws: AwsClients, autonaming: Autonaming) -> CreateResource:
    """Return a function that creates a resource of any type that `local.resources` knows.

    It raises `ResourceError` for an unknown type or input, which the emulator would otherwise silently lack.
    """

    def create(resource_type: str, name: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if resource_type not in CREATORS:
            raise ResourceError(resource_type, name, "the local cloud does not know this type of resource")
        inputs = Inputs(values, lambda: autonaming.name(name))
        created = CREATORS[resource_type](aws, inputs)
        if unknown := inputs.untaken():
            reason = f"the local cloud does not know the input {', '.join(unknown)}"
            raise ResourceError(resource_type, name, reason)
        return created.id, {**inputs.values, **created.outputs}

    return create


def run_program(program: Program, create: CreateResource) -> dict[str, Any]:
    """Run a program, create its resources, and return the stack's outputs.

    Raises
    ------
    DeployError
        The program, or one of its resources, failed.
    """
    monitor = DeployingMonitor(create)
    failed: BaseException | None = None
    try:
        execute(program, monitor)
    # A program that calls `sys.exit` has not run to its end, which must not look like success.
    except (Exception, SystemExit) as error:
        failed = error
    if monitor.failures:
        raise monitor.failures[0]
    if failed:
        raise DeployError(f"The program failed: {_described(failed, program.main)}") from failed
    return monitor.stack_outputs or {}


def _described(error: BaseException, program: Path) -> str:
    if isinstance(error, pulumi.RunError):
        return str(error)
    trace = error.__traceback__
    # The program's author has no use for the frames of the code that runs the program.
    while trace and trace.tb_frame.f_code.co_filename != str(program):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace or error.__traceback__))


class DeployingMonitor(ProgramMonitor):
    """Creates what the program registers, as the engine would in one deployment into an empty account.

    Parameters
    ----------
    create
        Creates one custom resource. Called from several threads at once.

    Attributes
    ----------
    failures
        What went wrong with resources, in order.
    """

    def __init__(self, create: CreateResource) -> None:
        super().__init__(_Creations(create))
        self.failures: list[ResourceError] = []
        self._urns: set[str] = set()
        self._lock = threading.Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the engine's URN: it has the types of all parents but the stack, where the mock has one.

        See https://www.pulumi.com/docs/iac/concepts/resources/names/#urns.
        """
        parents = parent.split("::")[2] if parent else STACK_TYPE
        qualified_type = type_ if parents == STACK_TYPE else f"{parents}${type_}"
        return f"urn:pulumi:{get_stack()}::{get_project()}::{qualified_type}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        """Create a resource; a second one with the same URN is refused, as by the engine."""
        return self._guarded(request, lambda: self._register(request))

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the name of the gRPC method
        """Refuse to look up an existing resource, which would take a provider."""
        reason = "the local cloud has no provider to look an existing resource up"
        return self._guarded(request, lambda: _refuse(request, reason))

    def _register(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        with self._lock:
            if urn in self._urns:
                _refuse(request, f"there are two resources with the URN {urn}")
            self._urns.add(urn)
        return super().RegisterResource(request)

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


class _Creations(Mocks):
    """Creates resources, and refuses look-ups, which would take a provider."""

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


def _refuse(request: Any, reason: str) -> NoReturn:
    raise ResourceError(request.type, request.name, reason)


def _reason(error: Exception) -> str:
    if isinstance(error, ClientError):
        said = error.response["Error"]
        return f"{said['Code']}: {said['Message']}"
    return f"{type(error).__name__}: {error}"


def main() -> int:
    """Deploy what the command line names."""
    logging.basicConfig(format="%(message)s", stream=sys.stdout, level=logging.WARNING)
    # asyncio would repeat the one failure that is reported below, with a traceback each time.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    options = _options()
    program: Path = options.program.resolve()
    known = snapshot(program / FUNCTIONS) if options.watch else {}
    try:
        deployment = deploy(program, options.stack, json.loads(options.overrides), options.endpoint)
    except LocalCloudError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    write_json(options.outputs, deployment.outputs)
    if options.watch:
        _watch(deployment, known, options.outputs)
    return 0


def _watch(deployment: Deployment, known: Snapshot, outputs: Path) -> NoReturn:
    def say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    reloader = Reloader(
        deployment.aws,
        deployment.program,
        deployment.deployed,
        say,
        lambda told: write_json(outputs, told),
    )
    say(DEPLOYED)
    watch(deployment.program.folder / FUNCTIONS, known, reloader.reload)
    raise AssertionError("nobody stops it: it is on a leash")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.deployer.deploy", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="the emulator's URL")
    parser.add_argument("--outputs", required=True, type=Path, help="file for the stack's outputs")
    parser.add_argument("--stack", default="local")
    parser.add_argument("--overrides", default="{}", help="settings as JSON: name (no namespace) to text")
    parser.add_argument(
        "--program", default=REPOSITORY, type=Path, help="folder of Pulumi.yaml and __main__.py"
    )
    parser.add_argument("--watch", action="store_true", help="take over what is saved, until killed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
