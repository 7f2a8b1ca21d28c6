"""Routes of the API, and the functions behind them."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.api_auth import ApiGuard
from infra.derived import component_name
from infra.function import TaskFunction
from infra.needs import NEEDS


@dataclass(frozen=True)
class Target:
    """A function, its component's name, and the routes that call it, such as `GET /tasks/{taskId}`."""

    name: str
    function: TaskFunction
    routes: tuple[str, ...]


def targets(functions: Mapping[str, TaskFunction]) -> list[Target]:
    """Return the functions that the table of needs gives routes."""
    return [
        Target(component_name(key), function, NEEDS[key].routes)
        for key, function in functions.items()
        if NEEDS[key].routes
    ]


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
