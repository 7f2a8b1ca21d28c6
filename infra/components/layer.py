"""The layer with the packages that all functions need."""

from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_aws as aws

from infra.components.function import ARCHITECTURE
from infra.components.scope import Scope
from infra.settings import limits
from infra.settings.problems import CheckedArgs


@dataclass(frozen=True)
class DependencyLayerArgs(CheckedArgs):
    """Arguments of `DependencyLayer`.

    Attributes
    ----------
    scope
        The stack's names and tags.
    zip_path
        The built layer, as `infra.packaging.layer.program_layer` returns it. A finished zip, not single
        files: 350 of them would fill the stack's state, and nobody reads their diff.
    runtime
        Lambda's name of the Python version that it was built for.
    """

    scope: Scope
    zip_path: str
    runtime: Annotated[str, limits.FUNCTION_RUNTIME]


class DependencyLayer(pulumi.ComponentResource):
    """Creates the layer `taskguard-<stack>-<name>`; each new content is a new version."""

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: DependencyLayerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("taskguard:dependency_layer:DependencyLayer", name, None, opts)
        layer = aws.lambda_.LayerVersion(
            name,
            layer_name=args.scope.name(name),
            description="Third-party packages of functions/requirements.txt",
            code=pulumi.FileArchive(args.zip_path),
            compatible_runtimes=[args.runtime],
            compatible_architectures=[ARCHITECTURE],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = layer.arn
        self.register_outputs({"arn": self.arn})
