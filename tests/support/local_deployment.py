"""The real program, deployed into an emulator, with all that it asked for."""

import contextvars
import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.aws_clients import AwsClients
from local.deployer.autonaming import Autonaming
from local.deployer.deploy import DEFAULT_REGION, creation, run_program
from local.deployer.engine import Program
from local.project import REPOSITORY, load_stack_config
from local.resources.inputs import plain


def in_fresh_context(program: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run a Pulumi program in this process; the SDK keeps its state in context variables."""
    try:
        return contextvars.Context().run(program)
    finally:
        # A failed program leaves futures that complain when they are collected: now, while pytest listens.
        gc.collect()


@dataclass
class Deployment:
    """What the program asked for, and a way to see what there is.

    Parameters
    ----------
    aws
        Clients of the emulator.
    inputs
        By type, then by logical name.
    outputs
        The stack's.
    """

    aws: AwsClients
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    def run(self) -> None:
        """Deploy this repository's program, stack `local`, with limits that it does not set by itself."""
        config = load_stack_config("local", {"tableMaxWriteUnits": "400", "tableMaxReadUnits": "500"})
        create = creation(self.aws, Autonaming("taskguard", "local", config))

        def remember(resource_type: str, name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
            self.inputs.setdefault(resource_type, {})[name] = plain(inputs)
            return create(resource_type, name, inputs)

        def program() -> dict[str, Any]:
            return run_program(Program(REPOSITORY, "taskguard", "local", config), remember)

        self.outputs = in_fresh_context(program)


def deploy_real_program(endpoint_url: str) -> Deployment:
    """Deploy this repository's program into a running emulator."""
    deployment = Deployment(AwsClients(endpoint_url, DEFAULT_REGION))
    deployment.run()
    return deployment
