"""The HTTP API in front of the functions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_aws as aws

from infra.components.routes import ApiAuth, Target, serve
from infra.components.scope import Scope
from infra.settings import limits
from infra.settings.problems import CheckedArgs

STAGE = "$default"

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
# Latencies are in milliseconds.
ACCESS_LOG_FORMAT = json.dumps(
    {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "sourceIp": "$context.identity.sourceIp",
        "routeKey": "$context.routeKey",
        "method": "$context.httpMethod",
        "path": "$context.path",
        "status": "$context.status",
        "responseLength": "$context.responseLength",
        "latency": "$context.responseLatency",
        "integrationLatency": "$context.integrationLatency",
        "integrationStatus": "$context.integration.status",
        "integrationError": "$context.integrationErrorMessage",
        "authorizerError": "$context.authorizer.error",
    }
)

# What a browser must send: a JSON body, and a token or a SigV4 signature.
CORS_HEADERS = ("authorization", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token")
CORS_MAX_AGE_SECONDS = 3600


@dataclass(frozen=True)
class HttpApiArgs(CheckedArgs):
    """Arguments of `HttpApi`.

    Attributes
    ----------
    scope
        The stack's names and tags.
    targets
        Functions with their routes.
    auth
        Who may call; the same on every route.
    rate_limit
        Requests a second accepted steadily, 1 to 10000.
    burst_limit
        Requests accepted at one moment, 1 to 5000.
    cors_origins
        Origins whose pages may call; without any, the API knows no CORS.
    log_retention_days
        How long the access log is kept; one of CloudWatch's values.
    """

    scope: Scope
    targets: Sequence[Target]
    auth: ApiAuth
    rate_limit: Annotated[int, limits.API_RATE_LIMIT]
    burst_limit: Annotated[int, limits.API_BURST_LIMIT]
    cors_origins: tuple[str, ...]
    log_retention_days: Annotated[int, limits.LOG_RETENTION_DAYS]


class HttpApi(pulumi.ComponentResource):
    """Creates the API `taskguard-<stack>`: guarded routes, integrations, invoke permissions, a stage.

    The stage `$default` deploys by itself, throttles, and writes a JSON access log into a group of its own.
    """

    id: pulumi.Output[str]
    endpoint: pulumi.Output[str]

    def __init__(self, name: str, args: HttpApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("taskguard:api:HttpApi", name, None, opts)
        api = aws.apigatewayv2.Api(
            name,
            name=args.scope.prefix,
            description="Submits tasks and tells what became of them",
            protocol_type="HTTP",
            cors_configuration=_cors(args.cors_origins),
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        child = pulumi.ResourceOptions(parent=self)
        guard = args.auth.guard(name, api, child)
        for target in args.targets:
            serve(name, api, target, guard, child)
        self._stage(name, args, api)
        self.id, self.endpoint = api.id, api.api_endpoint
        self.register_outputs({"id": self.id, "endpoint": self.endpoint})

    def _stage(self, name: str, args: HttpApiArgs, api: aws.apigatewayv2.Api) -> None:
        access_log = aws.cloudwatch.LogGroup(
            f"{name}-access-log",
            # Groups with this prefix share one resource policy, which else may grow beyond its limit:
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
            name=f"/aws/vendedlogs/{args.scope.prefix}-api",
            retention_in_days=args.log_retention_days,
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.apigatewayv2.Stage(
            f"{name}-stage",
            api_id=api.id,
            name=STAGE,
            auto_deploy=True,
            default_route_settings={
                "throttling_rate_limit": args.rate_limit,
                "throttling_burst_limit": args.burst_limit,
            },
            access_log_settings={"destination_arn": access_log.arn, "format": ACCESS_LOG_FORMAT},
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _cors(origins: tuple[str, ...]) -> aws.apigatewayv2.ApiCorsConfigurationArgs | None:
    if not origins:
        return None
    return aws.apigatewayv2.ApiCorsConfigurationArgs(
        allow_origins=list(origins),
        allow_methods=["GET", "POST"],
        allow_headers=list(CORS_HEADERS),
        max_age=CORS_MAX_AGE_SECONDS,
    )
