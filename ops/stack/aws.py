"""The AWS clients of this tool."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from local.aws_clients import ACCESS_KEY, SECRET_KEY
from ops.errors import OpsError
from taskguard.storage.queue import LaneQueues

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
    """A stack's session and clients, made when first used.

    A stack with an endpoint of its own is a local cloud. It gets the emulator's dummy credentials: the user's
    own are neither needed nor sent there.
    """

    outputs: "StackOutputs"

    @property
    def is_local(self) -> bool:
        """The stack is on this machine."""
        return self.outputs.aws_endpoint_url is not None

    @cached_property
    def session(self) -> boto3.Session:
        """The stack's region with the user's credentials, or the local cloud's."""
        if self.is_local:
            return boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=self.outputs.region)
        return boto3.Session(region_name=self.outputs.region)

    @cached_property
    def sqs(self) -> "SQSClient":
        """The queues."""
        return self.session.client("sqs", endpoint_url=self.outputs.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def task_queues(self) -> LaneQueues:
        """The lanes' task queues: what is sent finds the lane that its kind has at this moment."""
        return LaneQueues(self.sqs, self.outputs.task_queue_urls, self.outputs.kinds)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """The tasks table."""
        return self.session.client("dynamodb", endpoint_url=self.outputs.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def lambda_(self) -> "LambdaClient":
        """The functions' event source mappings."""
        return self.session.client("lambda", endpoint_url=self.outputs.aws_endpoint_url, config=_CONFIG)

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        """The alarms."""
        return self.session.client("cloudwatch", endpoint_url=self.outputs.aws_endpoint_url, config=_CONFIG)

    def credentials(self) -> "ReadOnlyCredentials":
        """Return the present credentials; the session renews temporary ones.

        Raises
        ------
        OpsError
            There are none.
        """
        found = self.session.get_credentials()
        if found is None:
            raise OpsError("No AWS credentials were found: configure them, or name a profile in AWS_PROFILE.")
        return found.get_frozen_credentials()
