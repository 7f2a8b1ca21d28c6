"""API Gateway's HTTP APIs. See https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html."""

from typing import Any

from local.aws_clients import AwsClients
from local.resources.inputs import Created, Creator, Inputs, pascal_keys

_ACCOUNT = "000000000000"
"""The emulator's account for the dummy credentials."""


def _api(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.name()
    parameters = inputs.parameters(
        "protocolType", "description", "corsConfiguration", "disableExecuteApiEndpoint", "version"
    )
    api = aws.apigateway.create_api(Name=name, Tags=inputs.tags(), **parameters)["ApiId"]
    # The emulator reports a subdomain of `localhost`, which Python cannot resolve; this works everywhere.
    endpoint = f"{aws.endpoint_url}/_aws/execute-api/{api}/$default"
    return Created(api, {"name": name, "apiEndpoint": endpoint, "executionArn": _execution_arn(aws, api)})


def _authorizer(aws: AwsClients, inputs: Inputs) -> Created:
    parameters = inputs.parameters(
        "apiId",
        "authorizerType",
        "jwtConfiguration",
        "authorizerUri",
        "authorizerPayloadFormatVersion",
        "authorizerResultTtlInSeconds",
        "enableSimpleResponses",
        IdentitySource="identitySources",
    )
    if "JwtConfiguration" in parameters:
        parameters["JwtConfiguration"]["Audience"] = parameters["JwtConfiguration"].pop("Audiences")
    return Created(aws.apigateway.create_authorizer(Name=inputs.name(), **parameters)["AuthorizerId"])


def _integration(aws: AwsClients, inputs: Inputs) -> Created:
    parameters = inputs.parameters(
        "apiId",
        "integrationType",
        "integrationUri",
        "integrationMethod",
        "connectionType",
        "description",
        "payloadFormatVersion",
        TimeoutInMillis="timeoutMilliseconds",
    )
    return Created(aws.apigateway.create_integration(**parameters)["IntegrationId"])


def _route(aws: AwsClients, inputs: Inputs) -> Created:
    parameters = inputs.parameters(
        "apiId",
        "routeKey",
        "target",
        "authorizationType",
        "authorizerId",
        "authorizationScopes",
        "operationName",
    )
    return Created(aws.apigateway.create_route(**parameters)["RouteId"])


def _stage(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.name()
    parameters = inputs.parameters(
        "apiId", "autoDeploy", "description", "accessLogSettings", "defaultRouteSettings", "stageVariables"
    )
    routes = {
        route.pop("routeKey"): pascal_keys(route) for route in map(dict, inputs.take("routeSettings", []))
    }
    aws.apigateway.create_stage(StageName=name, Tags=inputs.tags(), RouteSettings=routes, **parameters)
    api: Any = inputs.take("apiId")
    return Created(name, {"name": name, "executionArn": f"{_execution_arn(aws, api)}/{name}"})


def _execution_arn(aws: AwsClients, api: str) -> str:
    """Return an API's execution ARN, which permissions to invoke a function name; no AWS call returns it."""
    return f"arn:aws:execute-api:{aws.region}:{_ACCOUNT}:{api}"


CREATORS: dict[str, Creator] = {
    "aws:apigatewayv2/api:Api": _api,
    "aws:apigatewayv2/authorizer:Authorizer": _authorizer,
    "aws:apigatewayv2/integration:Integration": _integration,
    "aws:apigatewayv2/route:Route": _route,
    "aws:apigatewayv2/stage:Stage": _stage,
}
