"""Deploys a Pulumi program into a running emulator.

`python -m local.deployer.deploy --endpoint URL --outputs FILE`

Exit code 0 and an outputs file, or exit code 1, the reason on standard error, and no file.
"""

import argparse
import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.aws_clients import AwsClients
from local.deployer.autonaming import Autonaming
from local.deployer.engine import CreateResource, run_program
from local.errors import LocalCloudError, ResourceError
from local.outputs import write_json
from local.project import REPOSITORY, load_project, load_stack_config
from local.resources import CREATORS
from local.resources.inputs import Inputs

DEFAULT_REGION = "us-east-1"


def deploy(folder: Path, stack: str, overrides: Mapping[str, str], endpoint_url: str) -> dict[str, Any]:
    """Run the program of `folder` and create all its resources in the emulator; return the stack's outputs.

    Raises
    ------
    LocalCloudError
        The configuration does not hold together, or the program or one of its resources failed.
    """
    project = load_project(folder).name
    config = load_stack_config(stack, overrides, program_folder=folder)
    aws = AwsClients(endpoint_url, config.get("aws:region", DEFAULT_REGION))
    create = creation(aws, Autonaming(project, stack, config))
    outputs = run_program(folder, project=project, stack=stack, config=config, create=create)
    return {**outputs, "awsEndpointUrl": endpoint_url}


def creation(aws: AwsClients, autonaming: Autonaming) -> CreateResource:
    """Return what creates a resource of any type, by the creator for its type.

    What the emulator would be left without, an unknown type or input, is a ResourceError.
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


def main() -> int:
    """Deploy as the command line says."""
    logging.basicConfig(format="%(message)s", stream=sys.stdout, level=logging.WARNING)
    # It repeats, with a traceback each, the one failure that is reported below.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    options = _options()
    try:
        outputs = deploy(
            options.program.resolve(), options.stack, json.loads(options.overrides), options.endpoint
        )
    except LocalCloudError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    write_json(options.outputs, outputs)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.deployer.deploy", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="the emulator's URL")
    parser.add_argument("--outputs", required=True, type=Path, help="file for the stack's outputs")
    parser.add_argument("--stack", default="local")
    parser.add_argument("--overrides", default="{}", help="settings as JSON: name (no namespace) to text")
    parser.add_argument(
        "--program", default=REPOSITORY, type=Path, help="folder of Pulumi.yaml and __main__.py"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
