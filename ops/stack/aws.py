"""The AWS clients of this tool, made in one place."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from ops.errors import OpsError

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

    from ops.stack.outputs import StackOutputs

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "max_attempts": 5},
    user_agent_extra="taskguard-ops",
)


@dataclass(frozen=True)
class Aws:
    """One session and its clients, made when first used.

    A stack that names an endpoint is a local cloud: it gets the emulator's dummy credentials, so that the
    user's own are neither needed nor sent there.
    """

    outputs: "StackOutputs"

    @property
    def is_local(self) -> bool:
        """The stack is on this machine."""
        return self.outputs.aws_endpoint_url is not None

    @cached_property
    def session(self) -> boto3.Session:
        """The session: the stack's region, and the user's credentials (or the local cloud's)."""
        if self.is_local:
            return boto3.Session(
                aws_access_key_id="test",
                aws_secret_access_key="test",  # noqa: S106 - the emulator knows no secrets
                region_name=self.outputs.region,
            )
        return boto3.Session(region_name=self.outputs.region)

    @cached_property
    def sqs(self) -> "SQSClient":
        """Queues: depths and sending."""
        return self.session.client("sqs", endpoint_url=self.outputs.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """The table of records."""
        return self.session.client("dynamodb", endpoint_url=self.outputs.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def lambda_(self) -> "LambdaClient":
        """Event source mappings."""
        return self.session.client("lambda", endpoint_url=self.outputs.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        """Alarms."""
        return self.session.client("cloudwatch", endpoint_url=self.outputs.aws_endpoint_url, config=_CONFIG)

    def credentials(self) -> "ReadOnlyCredentials":
        """Return the credentials of this moment; temporary ones are renewed by the session.

        Raises
        ------
        OpsError
            There are none.
        """
        found = self.session.get_credentials()
        if found is None:
            raise OpsError("No AWS credentials were found: configure them, or name a profile in AWS_PROFILE.")
        return found.get_frozen_credentials()
