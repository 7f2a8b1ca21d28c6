"""What creates one resource of one type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.deployer.aws_clients import AwsClients
from local.resources.inputs import Inputs


@dataclass(frozen=True)
class Created:
    """A resource that exists now.

    Parameters
    ----------
    id
        Its physical id, as the AWS provider reports it.
    outputs
        What the provider computes (`arn`, `url` ...), by camelCase name; the inputs come on top of these.
    """

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict)


Creator = Callable[[AwsClients, Inputs], Created]
