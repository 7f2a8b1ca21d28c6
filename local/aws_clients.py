"""Clients of the AWS emulator."""

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 - the emulator's dummy credentials

# A stuck emulator makes the deployment fail instead of hanging; nothing is retried, so no failure is hidden.
_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 1})

SERVICES = (
    *("apigatewayv2", "cloudwatch", "dynamodb", "iam", "kms", "lambda"),
    *("logs", "scheduler", "sns", "sqs", "sts"),
)
"""What resources are created in, as boto3 and the AWS provider name it."""

WAITER_CONFIG: Any = {"Delay": 0.05, "MaxAttempts": 600}
"""For boto3's waiters: looks every 0.05 s, not every few seconds as they would for AWS."""


@dataclass
class AwsClients:
    """One client for each service, made when first used; threads can share them.

    Parameters
    ----------
    endpoint_url
        Where the emulator answers.
    region
        The region that resources are created in.
    """

    endpoint_url: str
    region: str
    _clients: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str) -> Any:
        """Return the client of a service, by boto3's name for it."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._new_client(service)
            return self._clients[service]

    def _new_client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=_CONFIG,
        )

    @property
    def apigateway(self) -> "ApiGatewayV2Client":
        """HTTP APIs."""
        return cast("ApiGatewayV2Client", self.client("apigatewayv2"))

    @property
    def cloudwatch(self) -> "CloudWatchClient":
        """Alarms and dashboards."""
        return cast("CloudWatchClient", self.client("cloudwatch"))

    @property
    def dynamodb(self) -> "DynamoDBClient":
        """Tables."""
        return cast("DynamoDBClient", self.client("dynamodb"))

    @property
    def iam(self) -> "IAMClient":
        """Roles and policies."""
        return cast("IAMClient", self.client("iam"))

    @property
    def functions(self) -> "LambdaClient":
        """Lambda: functions, layers, event source mappings."""
        return cast("LambdaClient", self.client("lambda"))

    @property
    def logs(self) -> "CloudWatchLogsClient":
        """Log groups and saved queries."""
        return cast("CloudWatchLogsClient", self.client("logs"))

    @property
    def sns(self) -> "SNSClient":
        """Topics."""
        return cast("SNSClient", self.client("sns"))

    @property
    def sqs(self) -> "SQSClient":
        """Queues."""
        return cast("SQSClient", self.client("sqs"))
