"""Routes of the API, and the functions behind them."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.function import TaskFunction

AUTHORIZATION_TYPES = {"none": "NONE", "iam": "AWS_IAM", "jwt": "JWT"}


@dataclass(frozen=True)
class ApiGuard:
    """How a route is guarded, in API Gateway's terms."""

    authorization_type: str
    authorizer_id: pulumi.Output[str] | None = None


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
    """

    kind: str
    issuer: str = ""
    audience: tuple[str, ...] = ()

    def guard(self, name: str, api: aws.apigatewayv2.Api, opts: pulumi.ResourceOptions) -> ApiGuard:
        """Return the guard of every route; tokens need an authorizer, which is created here."""
        if self.kind != "jwt":
            return ApiGuard(AUTHORIZATION_TYPES[self.kind])
        authorizer = aws.apigatewayv2.Authorizer(
            f"{name}-jwt",
            name=f"{name}-jwt",
            api_id=api.id,
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"issuer": self.issuer, "audiences": list(self.audience)},
            opts=opts,
        )
        return ApiGuard(AUTHORIZATION_TYPES["jwt"], authorizer.id)


@dataclass(frozen=True)
class Target:
    """A function, its component's name, and the routes that call it, such as `GET /tasks/{taskId}`."""

    name: str
    function: TaskFunction
    routes: tuple[str, ...]


def serve(
    name: str, api: aws.apigatewayv2.Api, target: Target, guard: ApiGuard, opts: pulumi.ResourceOptions
) -> None:
    """Create a function's integration and, for each of its routes, the route and the permission to call."""
    integration = aws.apigatewayv2.Integration(
        f"{name}-{target.name}",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_uri=target.function.invoke_arn,
        payload_format_version="2.0",
        opts=opts,
    )
    for route in target.routes:
        aws.apigatewayv2.Route(
            f"{name}-{_slug(route)}",
            api_id=api.id,
            route_key=route,
            target=pulumi.Output.concat("integrations/", integration.id),
            authorization_type=guard.authorization_type,
            authorizer_id=guard.authorizer_id,
            opts=opts,
        )
        aws.lambda_.Permission(
            f"{name}-{_slug(route)}",
            statement_id=f"api-{_slug(route)}",
            action="lambda:InvokeFunction",
            function=target.function.name,
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(api.execution_arn, _source(route)),
            opts=opts,
        )


def _slug(route: str) -> str:
    """Return a name for a route: `GET /tasks/{taskId}` is `get-tasks-taskid`."""
    words = "".join(letter if letter.isalnum() else " " for letter in route.lower()).split()
    return "-".join(words)


def _source(route: str) -> str:
    """Return the end of the ARN that the route calls from: stage, method, path.

    The wildcard stands for the stage, of which the API has one; AWS's console writes it so too.
    """
    method, path = route.split(" ")
    return f"/*/{method}{path}"
