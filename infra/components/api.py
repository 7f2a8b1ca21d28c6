"""The HTTP API in front of the functions: who may call it, its routes, and its stage."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_aws as aws

from infra.components.function import TaskFunction
from infra.components.scope import ComponentArgs
from infra.settings import limits

STAGE = "$default"
AUTHORIZATION_TYPES = {"none": "NONE", "iam": "AWS_IAM", "jwt": "JWT"}

# What a page may send: a JSON body, a token or a SigV4 signature, and its own id for the task.
CORS_HEADERS = (
    "authorization",
    "content-type",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-correlation-id",
)
# What a page may read of an answer. Without this, browsers hide these two from it:
# https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Access-Control-Expose-Headers
CORS_EXPOSED_HEADERS = ("location", "retry-after")
CORS_MAX_AGE_SECONDS = 3600

# Latencies are in milliseconds:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
ACCESS_LOG_FORMAT = json.dumps(
    {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "sourceIp": "$context.identity.sourceIp",
        # Who called: one of the two where `ApiAuth.kind` asks for it, `-` otherwise.
        "callerArn": "$context.identity.userArn",
        "callerSubject": "$context.authorizer.claims.sub",
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


@dataclass(frozen=True)
class ApiAuth:
    """Who may call the API.

    Attributes
    ----------
    kind
        `none`: everyone; `iam`: callers who sign with SigV4 and may do `execute-api:Invoke`; `jwt`: bearers
        of a token.
    issuer, audience
        Who must have issued a token, and for whom.
    scopes
        What a token must allow: at least one of these; without any, every valid token will do.
    """

    kind: str
    issuer: str = ""
    audience: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """A function, its component's name, and the routes that invoke it, such as `GET /tasks/{taskId}`."""

    name: str
    function: TaskFunction
    routes: tuple[str, ...]


@dataclass(frozen=True)
class HttpApiArgs(ComponentArgs):
    """Arguments of `HttpApi`.

    Attributes
    ----------
    targets
        Functions with their routes.
    auth
        Who may call; the same on every route.
    rate_limit
        Requests per second that each route accepts steadily, 1 to 10000.
    burst_limit
        Requests that each route accepts in one burst, 1 to 5000.
    tasks_by_route
        Most tasks in one request, of routes that take more than one. Both limits count tasks: a route that
        takes 25 accepts a 25th of the requests, at least one.
    cors_origins
        Origins whose pages may call; without any, CORS is off.
    log_retention_days
        How long the access log is kept; one of CloudWatch's values.
    """

    targets: Sequence[Target]
    auth: ApiAuth
    rate_limit: Annotated[int, limits.API_RATE_LIMIT]
    burst_limit: Annotated[int, limits.API_BURST_LIMIT]
    tasks_by_route: Mapping[str, int]
    cors_origins: tuple[str, ...]
    log_retention_days: Annotated[int, limits.LOG_RETENTION_DAYS]


class HttpApi(pulumi.ComponentResource):
    """Creates the API `taskguard-<stack>`: routes, integrations, invoke permissions, a stage.

    Tokens (`jwt`) get an authorizer. The stage `$default` deploys every change by itself, throttles, and
    writes a JSON access log into a log group of its own.
    """

    id: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    access_log: pulumi.Output[str]

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
        authorizer = self._authorizer(name, args.auth, api) if args.auth.kind == "jwt" else None
        routes = [
            route
            for target in args.targets
            for route in self._serve(name, target, args.auth, authorizer, api)
        ]
        self.access_log = self._stage(name, args, api, routes)
        self.id, self.endpoint = api.id, api.api_endpoint
        self.register_outputs({"id": self.id, "endpoint": self.endpoint})

    def _authorizer(self, name: str, auth: ApiAuth, api: aws.apigatewayv2.Api) -> aws.apigatewayv2.Authorizer:
        return aws.apigatewayv2.Authorizer(
            f"{name}-jwt",
            name=f"{name}-jwt",
            api_id=api.id,
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"issuer": auth.issuer, "audiences": list(auth.audience)},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _serve(
        self,
        name: str,
        target: Target,
        auth: ApiAuth,
        authorizer: aws.apigatewayv2.Authorizer | None,
        api: aws.apigatewayv2.Api,
    ) -> list[aws.apigatewayv2.Route]:
        """Create a function's integration and, for each of its routes, the route and the right to invoke."""
        routes = []
        child = pulumi.ResourceOptions(parent=self)
        integration = aws.apigatewayv2.Integration(
            f"{name}-{target.name}",
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_uri=target.function.invoke_arn,
            payload_format_version="2.0",
            opts=child,
        )
        for route in target.routes:
            created = aws.apigatewayv2.Route(
                f"{name}-{_slug(route)}",
                api_id=api.id,
                route_key=route,
                target=pulumi.Output.concat("integrations/", integration.id),
                authorization_type=AUTHORIZATION_TYPES[auth.kind],
                authorizer_id=authorizer.id if authorizer else None,
                authorization_scopes=list(auth.scopes) or None,
                opts=child,
            )
            routes.append(created)
            aws.lambda_.Permission(
                f"{name}-{_slug(route)}",
                statement_id=f"api-{_slug(route)}",
                action="lambda:InvokeFunction",
                function=target.function.name,
                principal="apigateway.amazonaws.com",
                source_arn=pulumi.Output.concat(api.execution_arn, _source(route)),
                opts=child,
            )
        return routes

    def _stage(
        self,
        name: str,
        args: HttpApiArgs,
        api: aws.apigatewayv2.Api,
        routes: list[aws.apigatewayv2.Route],
    ) -> pulumi.Output[str]:
        """Create the stage and its access log; return the log group's name."""
        access_log = aws.cloudwatch.LogGroup(
            f"{name}-access-log",
            # Groups with this prefix share one resource policy, which could otherwise outgrow its limit:
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
            route_settings=[
                {
                    "route_key": route,
                    "throttling_rate_limit": max(1, args.rate_limit // tasks),
                    "throttling_burst_limit": max(1, args.burst_limit // tasks),
                }
                for route, tasks in args.tasks_by_route.items()
            ],
            access_log_settings={"destination_arn": access_log.arn, "format": ACCESS_LOG_FORMAT},
            tags=args.scope.tags,
            # A stage may only have settings of routes that exist already.
            opts=pulumi.ResourceOptions(parent=self, depends_on=routes),
        )
        return access_log.name


def _cors(origins: tuple[str, ...]) -> aws.apigatewayv2.ApiCorsConfigurationArgs | None:
    if not origins:
        return None
    return aws.apigatewayv2.ApiCorsConfigurationArgs(
        allow_origins=list(origins),
        allow_methods=["GET", "POST"],
        allow_headers=list(CORS_HEADERS),
        expose_headers=list(CORS_EXPOSED_HEADERS),
        max_age=CORS_MAX_AGE_SECONDS,
    )


def _slug(route: str) -> str:
    """Return a route as part of a resource's name: `GET /tasks/{taskId}` is `get-tasks-taskid`."""
    words = "".join(letter if letter.isalnum() else " " for letter in route.lower()).split()
    return "-".join(words)


def _source(route: str) -> str:
    """Return the end of the ARN that a route invokes from: stage, method, path.

    The wildcard stands for the stage, of which the API has one; AWS's console writes it this way too.
    """
    method, path = route.split(" ")
    return f"/*/{method}{path}"
