"""ARNs that no AWS call returns, and that the AWS provider makes itself."""

from local.deployer.aws_clients import AwsClients

ACCOUNT = "000000000000"
"""The emulator's account for the dummy credentials."""


def execute_api_arn(aws: AwsClients, api: str) -> str:
    """Return an HTTP API's execution ARN, as permissions to invoke a function name it."""
    return f"arn:aws:execute-api:{aws.region}:{ACCOUNT}:{api}"


def invoke_arn(aws: AwsClients, function_arn: str) -> str:
    """Return the ARN by which API Gateway integrations name a function."""
    return f"arn:aws:apigateway:{aws.region}:lambda:path/2015-03-31/functions/{function_arn}/invocations"
